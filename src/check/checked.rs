//! Which rows of the catalogue a transcript confirms.
