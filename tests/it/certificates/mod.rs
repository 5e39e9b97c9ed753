//! Certificates, CRLs and OCSP answers: had over HTTP, and judged by openssl.

mod chain;
mod desk;
mod states;
