// What a browser adds to pages that are whole without it: regions kept up to date, ages, keys. No packages, no build.
(() => {
  // ---- ages: "5 s ago" from absolute times
  const units = [
    [60, 1, 's'],
    [3600, 60, 'min'],
    [172800, 3600, 'h'],
    [Infinity, 86400, 'd'],
  ];
  function ageOf(iso) {
    const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
    const [, size, unit] = units.find(([below]) => seconds < below);
    return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  function tellAges(root) {
    for (const time of root.querySelectorAll('time[datetime]')) {
      if (!time.title) time.title = time.textContent;
      const text = ageOf(time.dateTime);
      if (time.textContent !== text) time.textContent = text;
    }
  }
  tellAges(document);
  setInterval(() => tellAges(document), 1000);

  // ---- regions: the server draws, we put in
  function put(name, html) {
    const region = document.querySelector(`[data-region="${CSS.escape(name)}"]`);
    if (!region || region.contains(document.activeElement?.closest('form[data-keep]') ?? null)) return;
    const fresh = document.createElement('div');
    fresh.innerHTML = html;
    tellAges(fresh);
    merge(region, fresh);
    document.dispatchEvent(new CustomEvent('region', { detail: name }));
  }

  // keeps the nodes that stay, and so focus, selection and what is folded open
  function merge(old, fresh) {
    align(old, fresh);
    const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      const [a, b] = [before[i], after[i]];
      if (!a) old.append(b);
      else if (!b) a.remove();
      else if (a.nodeType !== b.nodeType || a.nodeName !== b.nodeName) a.replaceWith(b);
      else if (a.nodeType !== Node.ELEMENT_NODE) {
        if (a.nodeValue !== b.nodeValue) {
          a.nodeValue = b.nodeValue;
          flash(a.parentElement?.closest('[data-count]'));
        }
      } else {
        for (const { name } of [...a.attributes]) {
          if (!b.hasAttribute(name) && !(name === 'open' && a.nodeName === 'DETAILS')) a.removeAttribute(name);
        }
        for (const { name, value } of b.attributes) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
        merge(a, b);
      }
    }
  }

  // a figure that moved is seen to move
  function flash(figure) {
    if (!figure) return;
    figure.classList.add('moved');
    setTimeout(() => figure.classList.remove('moved'), 1200);
  }

  // rows with a key take their nodes with them when others come before them
  function align(old, fresh) {
    const rows = new Map([...old.children].map((row) => [row.dataset.key, row]));
    for (const [i, row] of [...fresh.childNodes].entries()) {
      const key = row.dataset?.key;
      if (key === undefined) continue;
      const known = rows.get(key);
      const next = old.childNodes[i] ?? null;
      if (known === undefined) old.insertBefore(row.cloneNode(true), next);
      // a row that is taken out and put in again loses the focus; moveBefore keeps it, where a browser has it
      else if (known !== next) old.moveBefore ? old.moveBefore(known, next) : old.insertBefore(known, next);
    }
  }

  // ---- the line to the server: open while the page is looked at, so that many tabs do not use up a browser's connections
  const link = document.querySelector('[data-link]');
  let source = null;
  let lostAt = null;
  let beatAt = 0;
  let fault = null;
  function say(text, state) {
    if (!link) return;
    link.textContent = text;
    link.dataset.state = state;
  }
  function lose(why) {
    lostAt ??= new Date();
    say(`Not ${why[0]} since ${lostAt.toLocaleTimeString()}: what you see is of then. ${why[1]}`, 'lost');
  }
  const GONE = ['connected', 'Is `waybill dashboard` running?'];
  const HUNG = ['answered', '`waybill dashboard` says nothing: is it stopped, or very busy?'];
  function open() {
    if (source || document.hidden || !document.querySelector('[data-region]')) return;
    source = new EventSource(location.pathname + location.search);
    beatAt = Date.now();
    // comes behind the first drawing, and again after a fault
    source.addEventListener('hello', () => {
      [lostAt, fault, beatAt] = [null, null, Date.now()];
      say('live', 'live');
    });
    source.addEventListener('beat', () => {
      beatAt = Date.now();
    });
    source.addEventListener('region', (event) => {
      beatAt = Date.now();
      const { name, html } = JSON.parse(event.data);
      put(name, html);
    });
    source.addEventListener('fault', (event) => {
      beatAt = Date.now();
      fault = JSON.parse(event.data).text;
      lose(['kept up to date', fault]);
    });
    source.onerror = () => {
      // the server may end the line behind a fault: that says more than the end of it
      if (fault === null) lose(GONE);
      fault = null;
      if (source?.readyState === EventSource.CLOSED) reopen();
    };
  }
  function close() {
    source?.close();
    source = null;
  }
  function reopen() {
    close();
    setTimeout(open, 1000);
  }
  setInterval(() => {
    if (!source || Date.now() - beatAt <= 30000) return;
    // a server that hangs ends no line, and takes a new one without a word
    if (lostAt === null || fault !== null) lose(HUNG);
    fault = null;
    reopen();
  }, 5000);
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  open();

  // ---- keys
  const dialog = document.querySelector('[data-keys]');
  let before = '';
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest?.('input, textarea, select');
    if (event.key === 'Escape' && field) return field.blur();
    if (field) return;
    const key = event.key;
    if (before === 'g') {
      before = '';
      const there = document.querySelector(`nav [data-key="${CSS.escape(key)}"]`);
      if (there) {
        event.preventDefault();
        location.href = there.href;
      }
      return;
    }
    before = key === 'g' ? 'g' : '';
    if (key === '?') dialog?.showModal();
    else if (key === '/') {
      const search = document.querySelector('input[type=search]');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    } else if (key === 'j' || key === 'k') {
      const links = [...document.querySelectorAll('main a.id')].filter((a) => a.offsetParent !== null);
      const at = links.indexOf(document.activeElement);
      links[Math.min(links.length - 1, Math.max(0, at + (key === 'j' ? 1 : -1)))]?.focus();
    }
  });
})();
