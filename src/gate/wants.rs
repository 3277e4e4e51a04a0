//! What the live stores are asked for: no more than what the jobs in scope refer to.

use crate::model::pipeline::Environment;
use crate::model::reference::{Family, Kind, Reference};
use crate::sources::{Outer, Wanted};

/// Adds what the references in scope read.
pub(super) fn stores(references: &[(&Reference, Vec<Environment>)], want: &mut Wanted) {
    for (reference, environments) in references {
        for environment in environments {
            match environment {
                Environment::None => {}
                Environment::Named(name) => {
                    want.environments.insert(name.clone());
                }
                Environment::Expression(_) => want.any_environment = true,
            }
        }
        want.secrets |= matches!(reference.kind, Kind::Secret | Kind::AllSecrets | Kind::Dynamic);
        want.dependabot |= reference.family == Family::Dependabot;
        let provider = match reference.kind {
            Kind::Vault => "vault",
            Kind::AwsSecret => "aws",
            Kind::GcpSecret => "gcp",
            Kind::AzureSecret => "azure",
            _ => continue,
        };
        let store = reference.store.clone();
        want.outer.extend(reference.name.clone().map(|name| Outer { provider: provider.to_owned(), name, store }));
    }
}
