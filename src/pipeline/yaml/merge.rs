//! Merge keys (`<<: *x`, `<<: [*x, *y]`), looked up when asked for and within a budget, so that mappings that merge each other many
//! times over cost a bounded amount. GitLab merges; GitHub does not know the key.

use std::collections::HashSet;

use super::Node;

/// How many pairs may still be looked at through merge keys.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    exceeded: bool,
}

impl Budget {
    /// A budget of so many pairs.
    #[must_use]
    pub fn new(pairs: usize) -> Self {
        Self { left: pairs, exceeded: false }
    }

    /// Takes one; false when there is none left.
    pub fn spend(&mut self) -> bool {
        if self.left == 0 {
            self.exceeded = true;
            return false;
        }
        self.left -= 1;
        true
    }

    /// Whether something was left out for want of budget: a gap.
    #[must_use]
    pub fn exceeded(&self) -> bool {
        self.exceeded
    }
}

/// A mapping's pairs with merge keys followed: own keys first and as written (the last of a duplicate wins on look-up), then those
/// of the merged mappings that are not there yet, earlier mappings before later ones.
pub fn merged_pairs<'t>(node: Node<'t>, budget: &mut Budget) -> Vec<(Node<'t>, Node<'t>)> {
    let mut found = Vec::new();
    let mut names: HashSet<&str> = HashSet::new();
    let mut visited = HashSet::new();
    // A stack in reverse order, so that the first merged mapping comes first. Each mapping is looked at once: what it would give a
    // second time is there already.
    let mut todo = vec![node.resolved()];
    while let Some(mapping) = todo.pop() {
        if !visited.insert(mapping.id()) {
            continue;
        }
        let mut own = Vec::new();
        let mut merges = Vec::new();
        for (key, value) in mapping.pairs() {
            if !budget.spend() {
                return found;
            }
            match key.str() {
                Some("<<") => merges.extend(value.one_or_many().map(Node::resolved)),
                Some(name) => {
                    if !names.contains(name) {
                        found.push((key, value));
                        own.push(name);
                    }
                }
                None => found.push((key, value)),
            }
        }
        names.extend(own);
        todo.extend(merges.into_iter().rev());
    }
    found
}

/// A mapping's value for a key, with merge keys followed.
pub fn merged_get<'t>(node: Node<'t>, key: &str, budget: &mut Budget) -> Option<Node<'t>> {
    let own = node.get(key);
    if own.is_some() || node.get("<<").is_none() {
        return own;
    }
    let pairs = merged_pairs(node, budget);
    pairs.into_iter().filter(|(name, _)| name.str() == Some(key)).map(|(_, value)| value).last()
}
