//! Names of variables that are known without looking at a file: GitLab's own, the shells', and those that images and tools set
//! for themselves; and which names speak of a credential.

/// Predefined variables that carry a credential of the job
/// (<https://docs.gitlab.com/ci/variables/predefined_variables/>).
const JOB_TOKENS: [&str; 11] = [
    "CI_BUILD_REPO",
    "CI_BUILD_TOKEN",
    "CI_DEPENDENCY_PROXY_PASSWORD",
    "CI_DEPLOY_PASSWORD",
    "CI_JOB_JWT",
    "CI_JOB_JWT_V1",
    "CI_JOB_JWT_V2",
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "CI_REPOSITORY_URL",
    "CI_RUNNER_TOKEN",
];

/// Predefined variables that carry none. `CI_` names that are not here are users' own.
const PREDEFINED: &str = "
CHAT_CHANNEL CHAT_INPUT CHAT_USER_ID CI CI_API_GRAPHQL_URL CI_API_V4_URL CI_BUILDS_DIR CI_COMMIT_AUTHOR CI_COMMIT_BEFORE_SHA
CI_COMMIT_BRANCH CI_COMMIT_DESCRIPTION CI_COMMIT_MESSAGE CI_COMMIT_MESSAGE_IS_TRUNCATED CI_COMMIT_REF_NAME CI_COMMIT_REF_PROTECTED
CI_COMMIT_REF_SLUG CI_COMMIT_REF CI_COMMIT_SHA CI_COMMIT_SHORT_SHA CI_COMMIT_TAG CI_COMMIT_TAG_MESSAGE CI_COMMIT_TIMESTAMP CI_COMMIT_TITLE
CI_CONCURRENT_ID CI_CONCURRENT_PROJECT_ID CI_CONFIG_PATH CI_CONFIG_REF_URI CI_DEBUG_SERVICES CI_DEBUG_TRACE CI_DEFAULT_BRANCH
CI_DEFAULT_BRANCH_SLUG CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX
CI_DEPENDENCY_PROXY_SERVER CI_DEPENDENCY_PROXY_USER CI_DEPLOY_FREEZE CI_DEPLOY_USER CI_DISPOSABLE_ENVIRONMENT CI_ENVIRONMENT_ACTION
CI_ENVIRONMENT_ID CI_ENVIRONMENT_NAME CI_ENVIRONMENT_SLUG CI_ENVIRONMENT_TIER CI_ENVIRONMENT_URL CI_GITLAB_FIPS_MODE
CI_HAS_OPEN_REQUIREMENTS CI_JOB_GROUP_NAME CI_JOB_ID CI_JOB_IMAGE CI_JOB_MANUAL CI_JOB_NAME CI_JOB_NAME_SLUG CI_JOB_STAGE
CI_JOB_STARTED_AT CI_JOB_STATUS CI_JOB_TIMEOUT CI_JOB_URL CI_KUBERNETES_ACTIVE CI_NODE_INDEX CI_NODE_TOTAL CI_OPEN_MERGE_REQUESTS
CI_PAGES_DOMAIN CI_PAGES_HOSTNAME CI_PAGES_URL CI_PIPELINE_CREATED_AT CI_PIPELINE_ID CI_PIPELINE_IID CI_PIPELINE_NAME
CI_PIPELINE_SCHEDULE_DESCRIPTION CI_PIPELINE_SOURCE CI_PIPELINE_TRIGGERED CI_PIPELINE_URL CI_PROJECT_CLASSIFICATION_LABEL
CI_PROJECT_DESCRIPTION CI_PROJECT_DIR CI_PROJECT_ID CI_PROJECT_NAME CI_PROJECT_NAMESPACE CI_PROJECT_NAMESPACE_ID
CI_PROJECT_NAMESPACE_SLUG CI_PROJECT_PATH CI_PROJECT_PATH_SLUG CI_PROJECT_REPOSITORY_LANGUAGES CI_PROJECT_ROOT_NAMESPACE
CI_PROJECT_TITLE CI_PROJECT_TOPICS CI_PROJECT_URL CI_PROJECT_VISIBILITY CI_PROJECT_CONFIG_PATH CI_REGISTRY CI_REGISTRY_IMAGE
CI_REGISTRY_USER CI_RELEASE_DESCRIPTION CI_RUNNER_DESCRIPTION CI_RUNNER_EXECUTABLE_ARCH CI_RUNNER_ID CI_RUNNER_REVISION
CI_RUNNER_SHORT_TOKEN CI_RUNNER_TAGS CI_RUNNER_VERSION CI_SCRIPT_TRACE CI_SERVER CI_SERVER_FQDN CI_SERVER_HOST CI_SERVER_NAME
CI_SERVER_PORT CI_SERVER_PROTOCOL CI_SERVER_REVISION CI_SERVER_SHELL_SSH_HOST CI_SERVER_SHELL_SSH_PORT CI_SERVER_TLS_CA_FILE
CI_SERVER_TLS_CERT_FILE CI_SERVER_TLS_KEY_FILE CI_SERVER_URL CI_SERVER_VERSION CI_SERVER_VERSION_MAJOR CI_SERVER_VERSION_MINOR
CI_SERVER_VERSION_PATCH CI_SHARED_ENVIRONMENT CI_TEMPLATE_REGISTRY_HOST CI_TRIGGER_SHORT_TOKEN CI_UPSTREAM_JOB_ID
CI_UPSTREAM_PIPELINE_ID CI_UPSTREAM_PROJECT_ID
CI_MERGE_REQUEST_APPROVED CI_MERGE_REQUEST_ASSIGNEES CI_MERGE_REQUEST_DESCRIPTION CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED
CI_MERGE_REQUEST_DIFF_BASE_SHA CI_MERGE_REQUEST_DIFF_ID CI_MERGE_REQUEST_DRAFT CI_MERGE_REQUEST_EVENT_TYPE CI_MERGE_REQUEST_ID
CI_MERGE_REQUEST_IID CI_MERGE_REQUEST_LABELS CI_MERGE_REQUEST_MILESTONE CI_MERGE_REQUEST_PROJECT_ID CI_MERGE_REQUEST_PROJECT_PATH
CI_MERGE_REQUEST_PROJECT_URL CI_MERGE_REQUEST_REF_PATH CI_MERGE_REQUEST_SOURCE_BRANCH_NAME CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED
CI_MERGE_REQUEST_SOURCE_BRANCH_SHA CI_MERGE_REQUEST_SOURCE_PROJECT_ID CI_MERGE_REQUEST_SOURCE_PROJECT_PATH
CI_MERGE_REQUEST_SOURCE_PROJECT_URL CI_MERGE_REQUEST_SQUASH_ON_MERGE CI_MERGE_REQUEST_TARGET_BRANCH_NAME
CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED CI_MERGE_REQUEST_TARGET_BRANCH_SHA CI_MERGE_REQUEST_TITLE
CI_EXTERNAL_PULL_REQUEST_IID CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA
CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA
CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY CI_BUILD_BEFORE_SHA CI_BUILD_ID CI_BUILD_MANUAL CI_BUILD_NAME CI_BUILD_REF
CI_BUILD_REF_NAME CI_BUILD_REF_SLUG CI_BUILD_STAGE CI_BUILD_TAG CI_BUILD_TRIGGERED
GITLAB_CI GITLAB_ENVIRONMENT_NAME GITLAB_FEATURES GITLAB_USER_EMAIL GITLAB_USER_ID GITLAB_USER_LOGIN GITLAB_USER_NAME
GITLAB_ENV TRIGGER_PAYLOAD
GIT_STRATEGY GIT_DEPTH GIT_CLONE_PATH GIT_CHECKOUT GIT_SUBMODULE_STRATEGY";

/// Variables that shells, operating systems and common images set for themselves.
const AMBIENT: &str = "
HOME PATH PWD OLDPWD USER USERNAME LOGNAME SHELL HOSTNAME HOSTTYPE MACHTYPE OSTYPE TERM LANG LANGUAGE LC_ALL LC_CTYPE TZ TMPDIR TEMP TMP
IFS RANDOM SRANDOM UID EUID GID GROUPS PPID LINENO SECONDS EPOCHSECONDS EPOCHREALTIME PIPESTATUS FUNCNAME DIRSTACK SHLVL SHELLOPTS
OPTARG OPTIND OPTERR REPLY COLUMNS LINES PS1 PS2 PS4 EDITOR PAGER DISPLAY DEBIAN_FRONTEND EXIT_CODE
LD_LIBRARY_PATH DYLD_LIBRARY_PATH LD_PRELOAD PKG_CONFIG_PATH MANPATH CPATH LIBRARY_PATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH CMAKE_PREFIX_PATH
CC CXX CPP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS LIBS AR LD NPROC
XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR XDG_CONFIG_DIRS XDG_DATA_DIRS
SSH_AUTH_SOCK SSH_AGENT_PID SSH_CONNECTION GPG_TTY
GOPATH GOROOT GOBIN GOCACHE GOMODCACHE GOARCH GOOS JAVA_HOME JRE_HOME M2_HOME MAVEN_HOME GRADLE_HOME GRADLE_USER_HOME
ANDROID_HOME ANDROID_SDK_ROOT ANDROID_NDK_HOME ANDROID_NDK_ROOT CARGO_HOME RUSTUP_HOME RUSTFLAGS CARGO_TARGET_DIR NVM_DIR NVM_BIN NODE_PATH
NODE_VERSION PYENV_ROOT PYTHONPATH PYTHONHOME PYTHON_VERSION VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV CONDA CONDA_EXE RBENV_ROOT
GEM_HOME GEM_PATH BUNDLE_PATH DOTNET_ROOT COMPOSER_HOME PERL5LIB PNPM_HOME DENO_INSTALL BUN_INSTALL SDKMAN_DIR ASDF_DIR
NIX_PATH NIX_PROFILES HOMEBREW_PREFIX MODULEPATH MODULESHOME LMOD_CMD VCPKG_ROOT QTDIR CUDA_HOME CUDA_PATH HADOOP_HOME SPARK_HOME
GITHUB_ENV GITHUB_OUTPUT GITHUB_PATH DOCKER_HOST DOCKER_TLS_CERTDIR DOCKER_CERT_PATH DOCKER_CONFIG
SLURM_JOB_ID SLURM_NTASKS SLURM_NNODES SLURM_CPUS_PER_TASK SLURM_JOB_NUM_NODES
OS CD DATE TIME ERRORLEVEL CMDCMDLINE CMDEXTVERSION USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA ALLUSERSPROFILE PROGRAMFILES
SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PUBLIC HOMEDRIVE HOMEPATH COMPUTERNAME USERDOMAIN PROCESSOR_ARCHITECTURE NUMBER_OF_PROCESSORS
PATHEXT VSINSTALLDIR VCINSTALLDIR PSMODULEPATH CHOCOLATEYINSTALL
KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_PORT";

/// PowerShell's automatic and preference variables, in lower case
/// (<https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_automatic_variables>).
const POWERSHELL: &str = "
null true false _ psitem args input this error matches pwd home host pid profile pshome psscriptroot pscommandpath psversiontable
psculture psuiculture psboundparameters psdefaultparametervalues myinvocation lastexitcode stacktrace foreach switch event
executioncontext shellid iswindows islinux ismacos iscoreclr nestedpromptlevel ofs outputencoding
erroractionpreference progresspreference verbosepreference debugpreference warningpreference informationpreference
confirmpreference whatifpreference errorview psnativecommanduseerroractionpreference psnativecommandargumentpassing";

/// Whether GitLab puts a credential of the job into this variable.
pub(super) fn is_job_token(name: &str) -> bool {
    JOB_TOKENS.binary_search(&name).is_ok()
}

/// Lists as sets, made once.
pub(super) struct Known {
    predefined: std::collections::HashSet<&'static str>,
    powershell: std::collections::HashSet<&'static str>,
}

impl Known {
    pub(super) fn new() -> Self {
        Self {
            predefined: PREDEFINED.split_whitespace().chain(AMBIENT.split_whitespace()).collect(),
            powershell: POWERSHELL.split_whitespace().collect(),
        }
    }

    /// Whether GitLab, a shell or the system defines this name, and it is no credential.
    pub(super) fn defines(&self, name: &str, powershell: bool) -> bool {
        self.predefined.contains(name)
            || ["BASH_", "FF_", "LC_", "COMP_", "npm_", "PROGRAMFILES", "ProgramFiles", "KUBERNETES_PORT_", "SLURM_"]
                .iter()
                .any(|prefix| name.starts_with(prefix) && !is_credential_like(name))
            || is_setting(name)
            || (name.starts_with("VS") && name.ends_with("COMNTOOLS"))
            || name == "BASH"
            || name.contains("__") && name.starts_with("__")
            || (name.starts_with("CI_MERGE_REQUEST_") && !is_credential_like(name))
            || (powershell && {
                let lower = name.to_ascii_lowercase();
                self.powershell.contains(lower.as_str()) || self.predefined.contains(name.to_ascii_uppercase().as_str())
            })
    }
}

/// Whether a name says that it holds a setting, and so surely no credential: `APP_VERSION`, `SKIP_TESTS`.
fn is_setting(name: &str) -> bool {
    const LAST: [&str; 17] = [
        "VERSION", "TAG", "BRANCH", "ENABLED", "DISABLED", "ENABLE", "DISABLE", "IMAGE", "DIR", "REGION", "PORT",
        "TIMEOUT", "LEVEL", "JOBS", "ARCH", "PLATFORM", "VERBOSE",
    ];
    let (first, last) = (name.split('_').next(), name.rsplit('_').next());
    let says = last.is_some_and(|word| LAST.contains(&word)) || matches!(first, Some("SKIP" | "ENABLE" | "DISABLE"));
    says && name.contains('_') && !is_credential_like(name)
}

/// Whether a name speaks of a credential. Only confidence and the strictness of the look at shell text depend on it.
pub(super) fn is_credential_like(name: &str) -> bool {
    const WORDS: [&str; 58] = [
        "TOKEN",
        "TOKENS",
        "SECRET",
        "SECRETS",
        "PASSWORD",
        "PASSWORDS",
        "PASSWD",
        "PASS",
        "PASSPHRASE",
        "PW",
        "PWD",
        "CRED",
        "CREDS",
        "CREDENTIAL",
        "CREDENTIALS",
        "KEY",
        "KEYS",
        "APIKEY",
        "PRIVATE",
        "AUTH",
        "GPG",
        "PGP",
        "CERT",
        "CERTS",
        "CERTIFICATE",
        "LOGIN",
        "DSN",
        "WEBHOOK",
        "HOOK",
        "KUBECONFIG",
        "PAT",
        "JWT",
        "KEYSTORE",
        "PIN",
        "PEM",
        "P12",
        "PFX",
        "JKS",
        "KEYTAB",
        "SSHKEY",
        "IDENTITY",
        "NETRC",
        "NPMRC",
        "PYPIRC",
        "DOCKERCONFIGJSON",
        "SALT",
        "SIGNATURE",
        "LICENSE",
        "LICENCE",
        "COOKIE",
        "SESSION",
        "OTP",
        "TOTP",
        "CONNSTR",
        "PASSKEY",
        "BEARER",
        "OAUTH",
        "SSH",
    ];
    const PARTS: [&str; 16] = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "CREDENTIAL",
        "APIKEY",
        "API_KEY",
        "KUBECONFIG",
        "KEYSTORE",
        "WEBHOOK",
        "PRIVATE",
        "SIGNING",
        "AUTH",
        "CREDS",
        "SSHKEY",
        "CONNECTION_STRING",
    ];
    let upper = name.to_ascii_uppercase();
    let author = upper.contains("AUTHOR") && !upper.contains("AUTHORI");
    upper.split('_').any(|word| WORDS.contains(&word))
        || PARTS.iter().any(|part| upper.contains(part) && !(author && *part == "AUTH"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert!(JOB_TOKENS.is_sorted());
        let known = Known::new();
        for name in ["CI_COMMIT_SHA", "HOME", "BASH_SOURCE", "FF_USE_FASTZIP", "CI"] {
            assert!(known.defines(name, false), "{name}");
        }
        for name in ["CI_JOB_TOKEN", "CI_PROJECT_ACCESS_TOKEN", "DEPLOY_KEY", "lastexitcode", "FF_TOKEN"] {
            assert!(!known.defines(name, false), "{name}");
        }
        assert!(known.defines("APP_VERSION", false) && known.defines("SKIP_TESTS", false));
        assert!(!known.defines("TOKEN_VERSION", false) && !known.defines("VERSION", false));
        assert!(known.defines("LASTEXITCODE", true) && known.defines("Path", true));
    }

    #[test]
    fn words() {
        for name in [
            "NPM_TOKEN",
            "DB_PASS",
            "deployKeySecret",
            "AWS_ACCESS_KEY_ID",
            "GITHUB_PAT",
            "KUBECONFIG",
            "SSH_PRIVATE_KEY",
        ] {
            assert!(is_credential_like(name), "{name}");
        }
        for name in ["IMAGE_TAG", "COMPASS", "KEYBOARD", "GIT_AUTHOR_NAME", "PATCH", "MONKEY"] {
            assert!(!is_credential_like(name), "{name}");
        }
    }
}
