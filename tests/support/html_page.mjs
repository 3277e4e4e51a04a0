// The HTML report in a real browser: reads commands as JSON from its arguments, answers with one JSON object on standard output. What
// it should answer is the Rust test's matter. Chromium comes from the machine, playwright-core and axe-core from target/testbeds.
//
//   node html_page.mjs TESTBEDS COMMAND FILE [ARGUMENT...]
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [beds, command, file, ...rest] = process.argv.slice(2);
const require = createRequire(join(beds, 'node_modules', 'x.js'));
const { chromium } = require('playwright-core');

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

function browserPath() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    for (const folder of folders.filter(Boolean)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch { /* the next one */ }
    }
  }
  throw new Error('no Chromium on this machine; run scripts/test, or apt-get install -y chromium');
}

const browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS, timeout: 90_000 });

// A page of the report, and everything that it asked for or complained about.
async function open(options = {}, address = pathToFileURL(file).href) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  const log = { requests: [], complaints: [], dialogs: 0 };
  await context.route('**/*', (route) => {
    log.requests.push(route.request().url());
    return route.request().url() === address ? route.continue() : route.abort();
  });
  const page = await context.newPage();
  page.on('console', (message) => log.complaints.push(message.text()));
  page.on('pageerror', (error) => log.complaints.push(String(error)));
  page.on('dialog', (dialog) => { log.dialogs += 1; return dialog.dismiss(); });
  await page.goto(address, { waitUntil: 'load' });
  return { context, page, log };
}

const visible = (page) => page.locator('details.finding:visible').count();
const said = (page) => page.locator('#shown').innerText();

const commands = {
  // Served over HTTP: which requests reach the server, before and after the page itself is made to try.
  async quiet() {
    const reached = [];
    const server = createServer((request, response) => {
      reached.push(request.url);
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(readFileSync(file));
    });
    await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
    const origin = `http://127.0.0.1:${server.address().port}`;
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(`${origin}/report`, { waitUntil: 'networkidle' });
    await page.locator('details').evaluateAll((all) => { for (const one of all) { one.open = true; } });
    await page.emulateMedia({ media: 'print' });
    await page.waitForTimeout(500);
    const alone = [...reached];
    const before = complaints.length;
    const ran = await page.evaluate(async (target) => {
      const tries = [() => fetch(`${target}/fetch`), () => navigator.sendBeacon(`${target}/beacon`), () => {
        for (const [name, attribute] of [['img', 'src'], ['script', 'src'], ['iframe', 'src'], ['link', 'href'], ['object', 'data']]) {
          const element = document.createElement(name);
          element.rel = 'stylesheet';
          element.setAttribute(attribute, `${target}/${name}`);
          document.body.append(element);
        }
        const inline = document.createElement('script');
        inline.textContent = 'window.ran = true';
        document.body.append(inline);
        document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = true"><form action="/form"></form>');
        document.forms[document.forms.length - 1].submit();
      }];
      for (const one of tries) {
        try { await one(); } catch { /* forbidden, as it should be */ }
      }
      await new Promise((later) => { setTimeout(later, 700); });
      return window.ran === true;
    }, origin);
    server.close();
    server.closeAllConnections();
    return { alone, before, after: reached, refusals: complaints.length - before, ran };
  },

  // The filters by mouse, then by keyboard alone.
  async filters() {
    const { page, log } = await open();
    const out = { all: await visible(page), said: [await said(page)] };
    const box = (name, value) => page.locator(`input[name="${name}"][value="${value}"]`);
    await box('severity', 'high').click();
    out.critical = await visible(page);
    await box('severity', 'high').click();
    await box('state', 'blocking').click();
    out.waived = await visible(page);
    out.said.push(await said(page));
    await box('state', 'blocking').click();
    await page.selectOption('#filter-rule', 'revoked-but-live');
    out.rule = await visible(page);
    await page.fill('#filter-text', 'SEC-310 carol');
    await page.waitForFunction(() => document.querySelectorAll('details.finding:not([hidden])').length < 3);
    out.words = await page.locator('details.finding:visible h3').allInnerTexts();
    await page.locator('#filters button[type="reset"]').click();
    await page.waitForFunction((all) => document.querySelectorAll('details.finding:not([hidden])').length === all, out.all);
    await page.locator('#fold').click();
    out.folded = await page.locator('details.finding[open]').count();
    await page.locator('#unfold').click();
    out.unfolded = await page.locator('details.finding[open]').count();
    await page.locator('#fold').click();

    // The keyboard: from the top of the page, Tab alone.
    await page.reload();
    const at = () => page.evaluate(() => {
      const here = document.activeElement;
      return here.id || here.getAttribute('value') || here.getAttribute('type') || here.parentElement?.id || here.tagName;
    });
    await page.keyboard.press('Tab');
    out.first = await page.evaluate(() => document.activeElement.className);
    const reach = async (wanted) => {
      for (let n = 0; n < 80; n += 1) {
        if (await at() === wanted) { return true; }
        await page.keyboard.press('Tab');
      }
      return false;
    };
    out.keyboard = { words: await reach('filter-text') };
    await page.keyboard.type('ledger');
    await page.waitForFunction(() => document.querySelectorAll('details.finding:not([hidden])').length === 1);
    await page.keyboard.press('Enter');
    out.keyboard.still = await visible(page);
    out.keyboard.rule = await reach('filter-rule');
    out.keyboard.severity = await reach('high');
    await page.keyboard.press('Space');
    out.keyboard.none = await visible(page);
    await page.keyboard.press('Space');
    await reach('fold');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    out.keyboard.unfolded = await page.locator('details.finding[open]:visible').count();

    // A link of the short list leads to its finding, although a filter hides it.
    const link = page.locator('#blocking a').first();
    await link.click();
    const id = (await link.getAttribute('href')).slice(1);
    out.led = await page.locator(`[id="${id}"]`).evaluate((one) => one.open && !one.hidden);
    return { ...out, complaints: log.complaints, requests: log.requests.length };
  },

  // axe-core's judgement, in each look.
  async axe() {
    const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    const out = { violations: [], passes: 0, looks: 0 };
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1200, 375]) {
        const { context, page } = await open({ colorScheme, viewport: { width, height: 900 } });
        await page.locator('details').evaluateAll((all) => { for (const one of all) { one.open = true; } });
        if (rest[0] === 'broken') {
          await page.evaluate(() => { document.querySelector('h1').style.setProperty('color', 'rgb(200 200 200 / 0.2)'); });
          await page.evaluate(() => { document.documentElement.removeAttribute('lang'); });
        }
        await page.evaluate(axe);
        const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
        out.passes += found.passes.length;
        out.looks += 1;
        for (const one of found.violations) {
          out.violations.push(`${colorScheme} ${width}: ${one.id}: ${one.nodes.length}: ${one.nodes[0].html.slice(0, 200)}: ${one.nodes[0].failureSummary}`);
        }
        // Nothing is wider than the screen.
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) { out.violations.push(`${colorScheme} ${width}: ${wide} pixels too wide`); }
        await context.close();
      }
    }
    return out;
  },

  // Without scripts: what of every finding is there to read, and what is left of the filters.
  async plain() {
    const { page, log } = await open({ javaScriptEnabled: false });
    const seen = await page.evaluate(() => {
      const read = (element) => element !== null && element.checkVisibility({ contentVisibilityAuto: false, visibilityProperty: true });
      return Array.from(document.querySelectorAll('details.finding'), (one) => ({
        facts: read(one.querySelector('.facts')), times: read(one.querySelector('.times')), text: one.textContent,
      }));
    });
    const filters = await page.locator('#filters').isVisible();
    return { seen, filters, complaints: log.complaints };
  },

  // What hostile text has become.
  async inert() {
    const { page, log } = await open();
    await page.waitForTimeout(500);
    const dom = await page.evaluate(() => {
      const elements = Array.from(document.querySelectorAll('*'));
      return {
        text: document.body.textContent,
        scripts: document.scripts.length,
        names: Array.from(new Set(elements.map((one) => one.localName))).sort(),
        handlers: elements.flatMap((one) => Array.from(one.attributes)).filter((one) => /^on|^style$|^srcdoc$/i.test(one.name)).map((one) => one.name),
        links: Array.from(document.querySelectorAll('a'), (one) => [one.protocol, one.getAttribute('href'), one.rel]),
        owned: window.owned === undefined ? null : String(window.owned),
      };
    });
    return { ...dom, complaints: log.complaints, dialogs: log.dialogs, requests: log.requests.length };
  },

  // A page with thousands of findings: how long until it is there, and whether its filters keep up.
  async many() {
    const times = [];
    const out = {};
    for (let run = 0; run < Number(rest[0] ?? 1); run += 1) {
      const { context, page } = await open({ viewport: { width: 1200, height: 900 } });
      // As the browser itself saw it: from the beginning of the navigation until the page was loaded and painted.
      times.push(await page.evaluate(() => new Promise((done) => {
        requestAnimationFrame(() => setTimeout(() => done(Math.round(performance.now())), 0));
      })));
      if (run === 0) {
        out.all = await page.locator('details.finding').count();
        out.elements = await page.evaluate(() => document.querySelectorAll('*').length);
        out.said = [await said(page)];
        const filter = await page.evaluate(() => {
          const begun = performance.now();
          document.querySelector('input[name="severity"][value="high"]').click();
          document.body.getBoundingClientRect();
          return Math.round(performance.now() - begun);
        });
        out.filter = filter;
        out.critical = await page.evaluate(() => document.querySelectorAll('details.finding:not([hidden])').length);
        await page.fill('#filter-text', rest[1] ?? '');
        await page.waitForFunction(() => document.querySelectorAll('details.finding:not([hidden])').length === 1);
        out.said.push(await said(page));
        await page.locator('details.finding:visible > summary').click();
        out.opened = await page.locator('details.finding:visible .facts').isVisible();
      }
      await context.close();
    }
    return { ...out, times };
  },
};

let code = 0;
try {
  console.log(JSON.stringify(await commands[command]()));
} catch (error) {
  console.error(error);
  code = 1;
}
await browser.close();
process.exit(code);
