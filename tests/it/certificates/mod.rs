//! Certificates, CRLs and OCSP answers: had over HTTP, and judged by openssl.

mod chain;
mod csr;
mod desk;
mod states;
mod terms;
