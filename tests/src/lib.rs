//! End-to-end tests: the real binary against real PostgreSQL, SMTP and receivers. All of them are in
//! `tests/e2e`; this library is empty.
