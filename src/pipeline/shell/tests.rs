//! The shell reader on scripts as people write them, and on any text at all.

use proptest::prelude::*;

use super::*;

fn uses(text: &str) -> Vec<String> {
    scan(text).uses.into_iter().map(|u| u.name).collect()
}

fn assigned(text: &str) -> Vec<String> {
    scan(text).assigns.into_iter().filter(|a| a.scope != Scope::Written).map(|a| a.name).collect()
}

#[test]
fn expansions() {
    assert_eq!(uses("a $B ${C} \"${D:-x}$E\" $env:F %GH% ${!I} ${env:J}"), ["B", "C", "D", "E", "F", "GH", "I", "J"]);
    assert_eq!(uses("echo '$A' \\$B $$C $1 $@ ${#} date +%Y%m%d 'it' # $D"), Vec::<String>::new());
    assert_eq!(uses("echo \"'$A'\" \"\\$B \\\\$C\""), ["A", "C"]);
    assert_eq!(uses("echo ${A:-${B:-$C}} ${D%/*} ${E[0]} ${#F}"), ["A", "B", "C", "D", "F"]);
    assert_eq!(uses("X=$(curl -H \"T: $TOKEN\" `echo $B` $((1+$N)))"), ["TOKEN", "B", "N"]);
    assert_eq!(uses("echo ${{ secrets.X }} $[[ inputs.y ]] $Z"), ["Z"]);
    assert_eq!(uses("echo a#$B"), ["B"]);
}

#[test]
fn interpolated_names() {
    let script = scan("use ${$[[ inputs.name ]]} $$[[ inputs.other ]]");
    let all: Vec<_> = script.uses.iter().map(|u| (u.form, u.name.as_str())).collect();
    assert_eq!(all, [(Form::Interpolated, "inputs.name"), (Form::Interpolated, "inputs.other")]);
}

#[test]
fn single_quotes_that_are_run() {
    assert_eq!(uses("bash -c 'echo $A'; sh -ec 'b $B'; eval 'x $C'; awk '{print $D}'"), ["A", "B", "C"]);
    assert_eq!(uses("envsubst '$A ${B}' < f; docker run img sh -c 'echo $C'; jq -c '.[$D]'"), ["A", "B", "C"]);
}

#[test]
fn here_documents() {
    assert_eq!(uses("cat <<EOF > f\nkey=$A \\$B\nEOF\necho $C"), ["A", "C"]);
    assert_eq!(uses("cat <<'EOF' > f\nkey=$A\nEOF\necho $C"), ["C"]);
    assert_eq!(uses("bash <<'EOF'\necho $A\nEOF"), ["A"]);
    assert_eq!(uses("x=$((1<<3)); echo $A"), ["A"]);
    let script = scan("cat <<EOF > .env\nTOKEN=$T\nexport OTHER=1\nEOF");
    let written: Vec<_> = script.assigns.iter().map(|a| (a.name.as_str(), a.scope)).collect();
    assert_eq!(written, [("TOKEN", Scope::Written), ("OTHER", Scope::Written)]);
}

#[test]
fn assignments() {
    assert_eq!(assigned("A=1; export B=$A C; local D E=2; for F in x; do :; done"), ["A", "B", "D", "E", "F"]);
    assert_eq!(assigned("echo x | while read -r G H; do :; done; getopts ab: I; printf -v J x"), ["G", "H", "I", "J"]);
    assert_eq!(assigned("if [ $x ]; then K=1; fi; ((L=2, M += 1)); : ${N:=x}; (O=1)"), ["K", "L", "M", "N", "O"]);
    assert_eq!(assigned("echo A=1 --opt=B=2"), Vec::<String>::new());
    assert_eq!(assigned("set P=1\nset /p Q=x\nset -e\nset -euxo pipefail"), ["P", "Q"]);
    assert_eq!(assigned("case $x in a) R=1;; (b) S=2 ;; esac; T=3"), ["R", "S", "T"]);
    assert_eq!(
        assigned("y=$(case $x in a) echo 1;; esac); U=1"),
        ["U", "y"].iter().rev().map(|s| (*s).to_owned()).collect::<Vec<_>>()
    );
    let script = scan("X=1 cmd $X; $X");
    assert_eq!(script.assigns[0].scope, Scope::Command);
    assert_eq!(script.assigns[0].until, 10);
}

#[test]
fn powershell() {
    let script = scan(
        "$version = \"1\"\n$env:PATH += \";x\"\nWrite-Host \"a\\$env:KEY $version\" -p $Token\nforeach ($f in $list) { $f }",
    );
    let uses: Vec<_> = script.uses.iter().map(|u| u.name.as_str()).collect();
    assert_eq!(uses, ["KEY", "version", "Token", "list", "f"]);
    let set: Vec<_> = script.assigns.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(set, ["version", "PATH", "f"]);
}

#[test]
fn words_of_commands() {
    let script = scan("vault kv get -field=x \"secret/a b\" | tee f || true");
    let words: Vec<_> = script.commands[0].words.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(words, ["vault", "kv", "get", "-field=x", "secret/a b"]);
    assert_eq!(script.commands[0].joint, Joint::Pipe);
    assert_eq!(script.commands[1].joint, Joint::Or);
}

#[test]
fn unfinished_text_loses_nothing() {
    for text in ["echo \"$A", "echo $(b $A", "echo ${A", "it's $A", "cat <<EOF\n$A", "x ) $A", "`$A", "((1 $A"] {
        assert_eq!(uses(text), ["A"], "{text}");
    }
}

#[test]
fn deep_nesting_ends() {
    for piece in ["$(", "${x:-", "`", "((", "(", "$((", "\"$("] {
        let text = piece.repeat(20_000);
        let _ = scan(&text);
    }
}

proptest! {
    #[test]
    fn never_panics_and_points_at_the_sign(text in "[ a-zA-Z$(){}'\"`\\\\%;|&<>=\n#é\\[\\]:!-]{0,80}") {
        for found in scan(&text).uses {
            prop_assert!(matches!(text.as_bytes()[found.at], b'$' | b'%'));
        }
    }
}
