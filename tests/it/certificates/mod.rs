//! Certificates, CRLs and OCSP answers: had over HTTP, and judged by openssl.

mod chain;
mod csr;
mod desk;
mod kept;
mod life;
mod ocsp;
mod published;
mod states;
mod terms;
mod urls;
