//! The change under the gate tries to switch its gate off, on a pull request, a push to a branch and a manual run, on GitHub and on
//! GitLab: the real binary, real git repositories, the variables that the CI systems set. What is compared, and how, is tested in
//! `config::change` and `policy::weakened`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod compared;
mod forks;
mod house;
#[cfg(feature = "github")]
mod kept;
mod overrides;
