//! AWS' error codes out of answers, in each form that AWS' protocols give them. The SDK of a service knows one form; a server with
//! AWS' API, or a gateway before it, may speak another. A body that is not wholly of a documented form has no code.

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use serde::Deserialize;

/// The code of an answer: as the SDK read it, else as the body has it; never longer than a code is.
#[must_use]
pub fn of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<String> {
    let (own, raw) = match error {
        SdkError::ServiceError(answer) => (answer.err().code().map(str::to_owned), answer.raw()),
        // An error of another protocol than the service's own, which its SDK cannot read.
        SdkError::ResponseError(answer) if !answer.raw().status().is_success() => (None, answer.raw()),
        _ => return None,
    };
    own.or_else(|| in_body(raw.body().bytes()?)).filter(|code| is_code(code))
}

/// Whether a text has the form of a code: it is printed.
fn is_code(code: &str) -> bool {
    code.len() <= 64 && !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}

/// The code in a body: XML of the query protocols (`ErrorResponse`, with or without `Errors`; EC2's `Response`), or JSON
/// (`__type` of the JSON protocols, its name behind a `#`; `Error.Code` of the query protocols asked for JSON).
fn in_body(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    if text.starts_with('{') { in_json(text) } else { in_xml(text) }
}

#[derive(Deserialize)]
struct Json {
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(rename = "Error")]
    error: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "Code")]
    code: String,
}

fn in_json(text: &str) -> Option<String> {
    let answer: Json = serde_json::from_str(text).ok()?;
    let kind = answer.kind.map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned());
    kind.or(answer.error.map(|error| error.code))
}

/// Reads exactly the nesting that AWS documents, and only a document that is there to its end: no parser, for nothing else counts.
fn in_xml(text: &str) -> Option<String> {
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>")?.1.trim_start(),
        None => text,
    };
    let inner = within(text, "ErrorResponse").or_else(|| within(text, "Response"))?;
    let inner = first(inner, "Errors").map_or(inner, |(inside, _)| inside);
    let (error, _) = first(inner, "Error")?;
    // `Type` may stand before `Code`.
    let mut rest = error;
    for _ in 0..4 {
        if let Some((code, _)) = first(rest, "Code") {
            return Some(code.trim().to_owned());
        }
        let name = rest.trim_start().strip_prefix('<')?.split('>').next()?;
        rest = first(rest, name)?.1;
    }
    None
}

/// The content of an element that is the whole text.
fn within<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = text.strip_prefix('<')?.strip_prefix(name)?;
    if !rest.starts_with(|c: char| c == '>' || c.is_ascii_whitespace()) {
        return None;
    }
    let (_, inner) = rest.split_once('>')?;
    inner.strip_suffix('>')?.strip_suffix(name)?.strip_suffix("</")
}

/// The content of an element without attributes that the text begins with, and what follows it.
fn first<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let rest = text.trim_start().strip_prefix('<')?.strip_prefix(name)?.strip_prefix('>')?;
    rest.split_once(&format!("</{name}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWS: &str = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
        <Code>InvalidClientTokenId</Code>\n    <Message>m</Message>\n  </Error>\n  <RequestId>r</RequestId>\n</ErrorResponse>\n";

    #[test]
    fn every_documented_form() {
        for body in [
            AWS,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ErrorResponse><Errors><Error><Code>InvalidClientTokenId</Code>\
             <Message>m</Message><Type>Sender</Type></Error></Errors></ErrorResponse>",
            "<Response><Errors><Error><Code>InvalidClientTokenId</Code></Error></Errors></Response>",
            "{\"__type\":\"com.amazon.coral.service#InvalidClientTokenId\",\"message\":\"m\"}",
            "{\"__type\":\"InvalidClientTokenId\"}",
            "{\"Error\":{\"Code\":\"InvalidClientTokenId\",\"Type\":\"Sender\"},\"RequestId\":\"r\"}",
        ] {
            assert_eq!(in_body(body.as_bytes()).as_deref(), Some("InvalidClientTokenId"), "{body}");
        }
    }

    #[test]
    fn anything_else_has_none() {
        for body in [
            "",
            "<html><Error><Code>InvalidClientTokenId</Code></Error></html>",
            "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error>",
            "<ErrorResponse><Error><Code>InvalidClientTokenId",
            "<ErrorResponse><Message><Error><Code>InvalidClientTokenId</Code></Error></Message></ErrorResponse>",
            "<ErrorResponseX><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponseX>",
            "<!-- x --><p>InvalidClientTokenId</p>",
            "{\"__type\":\"InvalidClientTokenId\"",
            "{\"message\":\"InvalidClientTokenId\"}",
            "[\"InvalidClientTokenId\"]",
        ] {
            assert_eq!(in_body(body.as_bytes()), None, "{body}");
        }
        assert!(!is_code("a b") && !is_code("") && !is_code(&"a".repeat(65)));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in "(<ErrorResponse>|<Error>|<Errors>|<Code>|</Code>|</Error>|</ErrorResponse>|[<>/a\u{e9} {}\"]){0,20}") {
            let _ = in_body(body.as_bytes());
        }

        #[test]
        fn a_part_of_an_answer_has_none(length in 0usize..AWS.trim_end().len()) {
            proptest::prop_assert_eq!(in_body(&AWS.as_bytes()[..length]), None);
        }
    }
}
