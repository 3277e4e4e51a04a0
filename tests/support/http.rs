//! A minimal client for the tests' own requests.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

/// Status and body of an answer.
#[derive(Debug, Clone)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

impl Got {
    /// The body as JSON, null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// Makes one request, without proxies; the error is in words. It blocks, and may be called inside a runtime, too.
pub fn request(method: Method, url: &str, headers: &[(&str, &str)], body: Option<String>) -> Result<Got, String> {
    let build = || async {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| e.to_string())?;
        let mut request = client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        Ok(Got { status, body: answer.text().await.map_err(|error| error.to_string())? })
    };
    // A thread of its own: a runtime cannot block inside another.
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.map_err(|error| error.to_string())?.block_on(build())
            })
            .join()
            .unwrap()
    })
}
