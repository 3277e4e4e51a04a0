//! The job graph: stages and `needs` turned into edges, with what keeps an edge from stopping
//! (<https://docs.gitlab.com/ci/yaml/#needs>, `#when`, `#allow_failure`, `#stage`).

use std::collections::{BTreeMap, HashMap};

use super::collect::Pieces;
use super::config::{Config, Layer, View};
use super::own;
use super::scope::Readings;
use crate::model::pipeline::{Edge, Environment, GateRun, Job};
use crate::pipeline::shell::{Joint, scan};

/// How many edges one pipeline may have.
const MAX_EDGES: usize = 400_000;

/// What the graph needs to know of a job.
pub(super) struct Facts {
    stage: String,
    /// `needs:` as names; none where the key is absent.
    needs: Option<Vec<String>>,
    /// Why others go on although this one fails or waits; empty where they do not.
    lets_pass: &'static str,
    /// Why this one runs although what it waits for failed; empty where it does not.
    runs_anyway: &'static str,
    pub(super) job: Job,
}

fn flag<'t>(config: &Config<'t>, view: &View<'t>, keys: &[&str]) -> Option<bool> {
    match config.path(view, keys)?.str()? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// `environment:` of a job, and whether it deploys nothing.
pub(super) fn environment<'t>(config: &Config<'t>, view: &View<'t>) -> (Environment, bool) {
    let Some(found) = config.get(view, "environment") else { return (Environment::None, false) };
    let name = if found.is_mapping() { config.get(&found, "name") } else { Some(found.clone()) };
    let action = config.path(view, &["environment", "action"]);
    let passive = action.and_then(|action| action.str()).is_some_and(|action| action != "start");
    let environment = match name.as_ref().and_then(|name| Some((name.first()?.file, name.str()?))) {
        None => Environment::None,
        Some((file, text)) => {
            let text = config.interpolated(file, text);
            if text.contains('$') { Environment::Expression(text) } else { Environment::Named(text) }
        }
    };
    (environment, passive)
}

/// Reads one job.
pub(super) fn facts<'t>(
    config: &Config<'t>,
    name: &'t str,
    paths: &[String],
    view: &View<'t>,
    pieces: &Pieces<'t>,
    readings: &Readings,
) -> Facts {
    let text = |key: &str| {
        let found = config.get(view, key)?;
        let file = found.first()?.file;
        found.str().map(|text| config.interpolated(file, text))
    };
    let (environment, environment_passive) = environment(config, view);
    let (file, line, column) =
        config.key(name).map_or((0, 1, 1), |(file, key)| (file, key.place().line, key.place().column));
    let (lets_pass, runs_anyway) = when(config, view);
    let gate = gate(config, name, view, pieces, readings);
    let gate_run = gate.map(|_| run(config, paths, view, pieces));
    Facts {
        stage: text("stage").or_else(|| text("type")).unwrap_or_else(|| "test".to_owned()),
        needs: needs(config, view),
        lets_pass,
        runs_anyway,
        job: Job {
            name: name.to_owned(),
            file: paths.get(file).cloned().unwrap_or_default(),
            line,
            column,
            environment,
            environment_passive,
            needs: Vec::new(),
            calls: None,
            calls_remote: None,
            steps: Vec::new(),
            gate_step: gate.map(|_| 0),
            gate_stops: gate == Some(true) && lets_pass.is_empty(),
            gate_run,
            gate_guards: gate == Some(true),
        },
    }
}

/// Why others pass by, and why this one runs anyway. A rule that may apply counts as applying.
fn when<'t>(config: &Config<'t>, view: &View<'t>) -> (&'static str, &'static str) {
    let mut lets_pass = "";
    let mut runs_anyway = "";
    let job_allows = match config.get(view, "allow_failure") {
        None => None,
        Some(found) if found.is_mapping() => Some("allow_failure:exit_codes"),
        Some(found) => found.str().map(|text| if text == "true" { "allow_failure" } else { "" }),
    };
    let anyway = |when: Option<&str>| match when {
        Some("always") => "when: always",
        Some("on_failure") => "when: on_failure",
        _ => "",
    };
    if let Some(allows) = job_allows {
        lets_pass = allows;
    }
    match config.get(view, "rules") {
        Some(rules) => {
            for layer in config.items(&rules) {
                let rule = View(vec![layer]);
                let when = config.get(&rule, "when").and_then(|found| found.str());
                if when == Some("never") {
                    continue;
                }
                if runs_anyway.is_empty() {
                    runs_anyway = anyway(when);
                }
                if lets_pass.is_empty() && flag(config, &rule, &["allow_failure"]) == Some(true) {
                    lets_pass = "rules:allow_failure";
                }
            }
            if runs_anyway.is_empty() {
                runs_anyway = anyway(config.get(view, "when").and_then(|found| found.str()));
            }
        }
        None => {
            let when = config.get(view, "when").and_then(|found| found.str());
            runs_anyway = anyway(when);
            // Without rules, a manual job is optional unless it says otherwise.
            if when == Some("manual") && job_allows.is_none() {
                lets_pass = "when: manual";
            }
        }
    }
    if config.get(view, "trigger").is_some() && lets_pass.is_empty() {
        let strategy = config.path(view, &["trigger", "strategy"]);
        if !matches!(strategy.and_then(|found| found.str()), Some("depend" | "mirror")) {
            lets_pass = "trigger without strategy: depend";
        }
    }
    (lets_pass, runs_anyway)
}

/// Jobs of the same pipeline that a job needs.
fn needs<'t>(config: &Config<'t>, view: &View<'t>) -> Option<Vec<String>> {
    let found = config.get(view, "needs")?;
    let mut names = Vec::new();
    for layer in config.items(&found) {
        let item = View(vec![layer]);
        let elsewhere = config.get(&item, "project").is_some() || config.get(&item, "pipeline").is_some();
        let name = if item.is_mapping() { config.get(&item, "job") } else { Some(item.clone()) };
        if let Some(text) = name.and_then(|name| name.str()).filter(|_| !elsewhere) {
            names.push(config.interpolated(layer.file, text));
        }
    }
    Some(names)
}

/// Whether driftgate runs in a job, and if so, whether its failure is not taken care of by the script.
fn gate<'t>(
    config: &Config<'t>,
    name: &str,
    view: &View<'t>,
    pieces: &Pieces<'t>,
    readings: &Readings,
) -> Option<bool> {
    let mut found = None;
    let after = config.get(view, "after_script").map_or_else(Vec::new, |script| config.items(&script));
    for piece in &pieces.scripts {
        let script = readings.script(&piece.layer);
        for command in &script.commands {
            let tool = command.words.iter().position(|word| {
                let text = word.text.rsplit('/').next().unwrap_or_default();
                text == "driftgate" || text.starts_with("driftgate:")
            });
            let Some(tool) = tool else { continue };
            let words: Vec<&str> = command.words[tool + 1..].iter().map(|word| word.text.as_str()).collect();
            if words.contains(&"check") {
                let late = after.iter().any(|layer| layer.id() == piece.layer.id());
                let warns = warns(config, view, &piece.layer, &words);
                let stops = !late && !warns && !matches!(command.joint, Joint::Or | Joint::Background);
                found = Some(found.unwrap_or(false) || stops);
            }
        }
    }
    if found.is_some() {
        return found;
    }
    let named = |text: &str| matches!(text, ".driftgate" | "driftgate");
    let extends = config.get(view, "extends").map_or_else(Vec::new, |extends| config.items(&extends));
    let from_template = extends.iter().filter_map(|layer| layer.node.str()).any(named);
    // A job of that name without a script of its own comes from the template that the pipeline includes.
    (from_template || (name == "driftgate" && pieces.scripts.is_empty())).then_some(true)
}

/// How the gate is run: the variables of pipeline and job, what the script sets and asks for, and when the job runs.
fn run<'t>(config: &Config<'t>, paths: &[String], view: &View<'t>, pieces: &Pieces<'t>) -> GateRun {
    let mut run = GateRun { what: "driftgate check".to_owned(), ..GateRun::default() };
    let mut written_in = None;
    let inherits = config.path(view, &["inherit", "variables"]).and_then(|found| found.str()) != Some("false");
    let globals = config.top("variables").filter(|_| inherits);
    for variables in globals.iter().chain(config.get(view, "variables").iter()) {
        for (key, value) in config.pairs(variables) {
            let value = if value.is_mapping() { config.get(&value, "value") } else { Some(value) };
            if let (Some(name), Some(value)) = (key.node.str(), value.and_then(|value| value.str())) {
                run.variables.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    for piece in &pieces.scripts {
        // Inputs of a component stand in its script.
        let text = config.interpolated(piece.layer.file, piece.layer.node.str().unwrap_or_default());
        let known = run.prepared.len();
        let is_gate = super::super::gate::script(&text, &scan(&text), &mut run);
        if !is_gate {
            super::super::gate::replaces(&text, &mut run.prepared);
        }
        // What another version of our own template does before is no matter of the change.
        if paths.get(piece.layer.file).is_some_and(|path| own::origin(path).is_some()) {
            run.prepared.truncate(known);
        }
        if is_gate {
            written_in = paths.get(piece.layer.file);
            break;
        }
    }
    // Our own template stands under the words of its include: another project's of the same name is another gate.
    if let Some(origin) = written_in.and_then(|path| own::origin(path)) {
        run.what.push_str(&format!(" of {origin}"));
    }
    let image = config.get(view, "image").or_else(|| config.path(&config.top("default")?, &["image"]));
    let image = image.or_else(|| config.top("image"));
    let name = image
        .as_ref()
        .and_then(|image| if image.is_mapping() { config.get(image, "name") } else { Some(View(image.0.clone())) });
    if let Some((file, text)) = name.as_ref().and_then(|name| Some((name.first()?.file, name.str()?))) {
        let image = super::super::gate::expanded(&config.interpolated(file, text), &run.variables);
        run.what.push_str(&format!(" in {}", super::super::gate::unversioned(&image)));
    }
    let entry = image.as_ref().filter(|image| image.is_mapping()).and_then(|image| config.get(image, "entrypoint"));
    let entry: Vec<&str> = entry.map_or_else(Vec::new, |entry| {
        config.items(&entry).into_iter().take(20).filter_map(|layer| layer.node.str()).collect()
    });
    if entry.iter().any(|word| !word.is_empty()) {
        run.what.push_str(&format!(" by {}", super::super::gate::short(&entry.join(" "))));
    }
    for key in ["rules", "only", "except", "when", "allow_failure"] {
        let Some(found) = config.get(view, key) else { continue };
        let mut parts: Vec<String> = Vec::new();
        for layer in config.items(&found).into_iter().take(100) {
            match layer.node.str() {
                Some(text) => parts.push(text.to_owned()),
                None => {
                    let pairs = config.pairs(&View(vec![layer])).into_iter();
                    let pairs = pairs.filter_map(|(key, value)| Some(format!("{} {}", key.node.str()?, value.str()?)));
                    parts.push(pairs.collect::<Vec<_>>().join(", "));
                }
            }
        }
        run.conditions.push(format!("{key}: {}", super::super::gate::short(&parts.join("; "))));
    }
    run
}

/// Whether a gate only warns: by its own words, or by the setting of the template or the component whose script this is.
fn warns<'t>(config: &Config<'t>, view: &View<'t>, script: &Layer<'t>, words: &[&str]) -> bool {
    if words.contains(&"--mode=warn") || words.windows(2).any(|pair| pair == ["--mode", "warn"]) {
        return true;
    }
    let text = script.node.str().unwrap_or_default();
    if text.contains("$DRIFTGATE_MODE") {
        let own = config.path(view, &["variables", "DRIFTGATE_MODE"]);
        let all = || config.top("variables").and_then(|variables| config.get(&variables, "DRIFTGATE_MODE"));
        return own.or_else(all).and_then(|mode| mode.str()) == Some("warn");
    }
    text.contains("inputs.mode") && config.input_values(script.file, "inputs.mode") == ["warn"]
}

/// Turns stages and `needs` into edges.
pub(super) fn edges(config: &Config<'_>, root: usize, mut all: Vec<Facts>) -> Vec<Job> {
    let stages = stages(config, &all);
    let order = |stage: &str| stages.get(stage).copied().unwrap_or(usize::MAX);
    let by_name: HashMap<String, usize> =
        all.iter().enumerate().map(|(k, facts)| (facts.job.name.clone(), k)).collect();
    let mut by_stage: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (k, facts) in all.iter().enumerate() {
        by_stage.entry(order(&facts.stage)).or_default().push(k);
    }
    let mut left = MAX_EDGES;
    for k in 0..all.len() {
        let waits: Vec<usize> = match &all[k].needs {
            Some(names) => {
                let mut seen = std::collections::HashSet::new();
                names
                    .iter()
                    .filter_map(|name| named(&by_name, name))
                    .filter(|on| *on != k && seen.insert(*on))
                    .collect()
            }
            None => {
                by_stage.range(..order(&all[k].stage)).flat_map(|(_, jobs)| jobs.iter().copied()).take(left).collect()
            }
        };
        left = left.saturating_sub(waits.len());
        let anyway = all[k].runs_anyway;
        let edges = waits
            .into_iter()
            .map(|on| {
                let because = if anyway.is_empty() { all[on].lets_pass } else { anyway };
                Edge { on: all[on].job.name.clone(), stops: because.is_empty(), because: because.to_owned() }
            })
            .collect();
        all[k].job.needs = edges;
    }
    if left == 0 {
        config.gap(root, format!("more than {MAX_EDGES} dependencies between jobs; the rest is left out"));
    }
    cycles(config, root, &all, &by_name);
    all.into_iter().map(|facts| facts.job).collect()
}

/// A needed job: by its name, or by that of one of its matrix instances (`job: [a, b]`).
fn named(by_name: &HashMap<String, usize>, name: &str) -> Option<usize> {
    by_name.get(name).or_else(|| by_name.get(name.split_once(": [")?.0)).copied()
}

/// Stages in order; those that are listed nowhere (an include that is not fetched may list them) come last, as they appear.
fn stages(config: &Config<'_>, all: &[Facts]) -> HashMap<String, usize> {
    let listed = config.top("stages").or_else(|| config.top("types"));
    let mut names = vec![".pre".to_owned()];
    match listed {
        Some(view) => names.extend(
            config
                .items(&view)
                .iter()
                .filter_map(|layer| layer.node.str().map(|text| config.interpolated(layer.file, text))),
        ),
        None => names.extend(["build", "test", "deploy"].map(str::to_owned)),
    }
    names.retain(|name| name != ".post");
    let mut order: HashMap<String, usize> = HashMap::new();
    for name in names.into_iter().chain(all.iter().map(|facts| facts.stage.clone()).filter(|stage| stage != ".post")) {
        let next = order.len();
        order.entry(name).or_insert(next);
    }
    order.insert(".post".to_owned(), usize::MAX - 1);
    order
}

/// Tells of jobs whose `needs` lead back to themselves: GitLab would refuse the pipeline.
fn cycles(config: &Config<'_>, root: usize, all: &[Facts], by_name: &HashMap<String, usize>) {
    // Kahn's algorithm: what cannot be put in order stands in or behind a cycle.
    let mut waits: Vec<usize> = all.iter().map(|facts| facts.job.needs.len()).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (k, facts) in all.iter().enumerate() {
        for edge in &facts.job.needs {
            if let Some(&on) = by_name.get(&edge.on) {
                behind[on].push(k);
            }
        }
    }
    let mut ready: Vec<usize> = (0..all.len()).filter(|k| waits[*k] == 0).collect();
    let mut done = 0;
    while let Some(k) = ready.pop() {
        done += 1;
        for &next in &behind[k] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(next);
            }
        }
    }
    if done < all.len() {
        let names: Vec<_> =
            (0..all.len()).filter(|k| waits[*k] > 0).map(|k| all[k].job.name.as_str()).take(5).collect();
        config.gap(root, format!("`needs` lead back to the same job: {}", names.join(", ")));
    }
}
