// The filters of the findings, and what unfolds them. The page is whole without this script; it changes what is shown, never what is there.
(function () {
  'use strict';
  const form = document.getElementById('filters');
  const shown = document.getElementById('shown');
  const findings = Array.from(document.querySelectorAll('details.finding'));
  const text = document.getElementById('filter-text');
  const rule = document.getElementById('filter-rule');
  const words = new Map();

  // The words of a finding, gathered when they are first asked for: there may be thousands.
  function wordsOf(finding) {
    let all = words.get(finding);
    if (all === undefined) {
      all = finding.textContent.toLowerCase();
      words.set(finding, all);
    }
    return all;
  }

  function chosen(name) {
    const boxes = form.querySelectorAll('input[name="' + name + '"]:checked');
    return new Set(Array.from(boxes, function (box) { return box.value; }));
  }

  function apply() {
    const severities = chosen('severity');
    const states = chosen('state');
    const asked = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const about = finding.dataset;
      const fits = severities.has(about.severity) && states.has(about.state) &&
        (rule.value === '' || rule.value === about.rule) &&
        asked.every(function (word) { return wordsOf(finding).includes(word); });
      finding.hidden = !fits;
      count += fits ? 1 : 0;
    }
    shown.textContent = count === findings.length
      ? 'All ' + count + ' findings are shown.'
      : count + ' of ' + findings.length + ' findings are shown.';
  }

  let waiting = 0;
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 150);
  }

  // A link to a finding unfolds it, and shows it where a filter hides it.
  function follow() {
    const id = decodeURIComponent(location.hash.slice(1));
    const finding = findings.find(function (one) { return one.id === id; });
    if (!finding) {
      return;
    }
    if (finding.hidden) {
      form.reset();
    }
    finding.open = true;
    finding.scrollIntoView();
  }

  function fold(open) {
    for (const finding of findings) {
      if (!finding.hidden) {
        finding.open = open;
      }
    }
  }

  form.addEventListener('submit', function (event) { event.preventDefault(); });
  form.addEventListener('reset', function () { setTimeout(apply, 0); });
  form.addEventListener('change', apply);
  text.addEventListener('input', later);
  document.getElementById('unfold').addEventListener('click', function () { fold(true); });
  document.getElementById('fold').addEventListener('click', function () { fold(false); });
  window.addEventListener('hashchange', follow);
  // On paper nothing can be unfolded. Where the style can do that, it does.
  window.addEventListener('beforeprint', function () {
    if (!CSS.supports('selector(::details-content)')) {
      fold(true);
    }
  });
  form.hidden = false;
  shown.hidden = false;
  apply();
  follow();
}());
