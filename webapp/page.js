/* All that comes from the server or the user is put in as text, never as markup. */

const $ = id => document.getElementById(id);
const here = new URL('.', location.href);

/* What can be started: how it is called, what it shows, and what is asked. */
const KINDS = {
  delay: {name: 'Wait', label: 'Wait 5 s', hint: 'an answer, late', url: 'run?delay=5'},
  error: {name: 'Fail', label: 'Fail after 5 s', hint: 'an exception becomes a 400', url: 'run?error=yes&delay=5'},
  count: {label: 'Count', hint: 'a line each 250 ms', url: 'ticks?seconds=10'},
  events: {label: 'Event stream', hint: 'server-sent events', url: 'ticks?format=events&seconds=15'},
  query: {label: 'Query', hint: '8 s in a stub database', url: 'query?seconds=8'},
  upload: {label: 'Upload', hint: '12 MiB, taken slowly', url: 'upload', method: 'POST', megabytes: 12},
  tokens: {label: 'Ask a model', hint: '200 tokens, client wrapped', url: 'tokens?client=wrapped'},
  'plain-tokens': {label: 'Ask it unwrapped', hint: 'who pays for the rest?', url: 'tokens?client=plain'},
};
const SHOWN = 50;
const nameOf = kind => KINDS[kind]?.name ?? KINDS[kind]?.label ?? kind;

const rows = new Map();    // by number: what the server says
const own = new Map();     // by tag: what this page has started
const cells = new Map();   // by tag or number: the row of the table
const measured = [];       // milliseconds from a click to the server's word of it
let latest = {};           // the last that was heard of totals, latencies and storm
let run = null;            // which run of the server that was

const seconds = millis =>
    millis === 0 ? '0 s'
    : millis < 1000 ? `${Math.round(millis)} ms`
    : `${(millis / 1000).toLocaleString('en', {maximumFractionDigits: millis < 20_000 ? 1 : 0})} s`;
const precise = millis => millis < 10 ? `${millis.toFixed(1)} ms` : seconds(millis);
const say = text => { $('said').textContent = text; };
const small = text => Object.assign(document.createElement('small'), {textContent: text});

/* ---- The server's word ---- */

let source;
let heard = 0;
let reopening;

function connect() {
  clearTimeout(reopening);
  source?.close();
  heard = performance.now();
  source = new EventSource('board');
  source.addEventListener('everything', event => {
    const all = JSON.parse(event.data);
    if (run !== null && run !== all.run) {
      say('The server was started again: its list begins anew.');
      own.clear();
    }
    if (run !== all.run) {
      measured.length = 0;
    }
    run = all.run;
    rows.clear();
    cells.forEach(row => row.remove());
    cells.clear();
    take(all);
    link('live', `Live from ${all.server} at ${here.host}${here.pathname}`);
  });
  source.addEventListener('change', event => take(JSON.parse(event.data)));
  source.addEventListener('error', lost);
}

function lost() {
  link('lost', `No connection to ${here.host}: trying again…`);
  if (source.readyState === EventSource.CLOSED) {
    clearTimeout(reopening);
    reopening = setTimeout(connect, 1500);
  }
}

function link(state, text) {
  if ($('link').textContent !== text) {
    $('link').dataset.state = state;
    $('link').textContent = text;
  }
}

setInterval(() => {
  // The server says something each 5 s: one that is silent is gone, even if no FIN came.
  if (performance.now() - heard > 12_000) {
    lost();
    connect();
  }
}, 1000);

function take(news) {
  heard = performance.now();
  latest = news;
  for (const row of news.rows) {
    row.begun = performance.now() - row.age;
    rows.set(row.number, row);
    const mine = own.get(row.tag);
    if (mine) {
      mine.number = row.number;
      if (row.end === 'DISCONNECTED' && mine.left && mine.noticed === undefined) {
        mine.noticed = performance.now() - mine.left;
        measured.push(mine.noticed);
        say(`${nameOf(mine.kind)}: the server noticed within ${precise(mine.noticed)}.`);
      }
    }
  }
  for (const number of [...rows.keys()].sort((a, b) => a - b).slice(0, -100)) {
    rows.delete(number);
  }
  draw();
  drawTotals();
  drawHistogram();
  drawStorm();
}

/* ---- Starting and hanging up ---- */

function tagged() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, '0')).join('');
}

async function start(kind) {
  const {url, method = 'GET', megabytes} = KINDS[kind];
  const tag = tagged();
  const mine = {kind, tag, begun: performance.now(), running: true, text: 'waits', abort: new AbortController()};
  own.set(tag, mine);
  draw();
  const target = new URL(url, here);
  target.searchParams.set('id', tag);
  try {
    const answer = await fetch(target, {
      method,
      signal: mine.abort.signal,
      cache: 'no-store',
      body: megabytes ? new Blob([new Uint8Array(megabytes * 1_048_576)]) : undefined,
    });
    mine.text = `${answer.status}, reads…`;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      mine.text = `${answer.status}: ${gist(kind, read.value) || '…'}`;
      draw();
    }
    const last = mine.text.includes(':') && answer.ok ? mine.text : String(answer.status);
    mine.text = answer.ok ? `${last}, to the end` : `${answer.status}, as asked for`;
  } catch (gone) {
    mine.text = gone.name === 'AbortError' ? 'hung up' : 'connection lost';
    say(`${nameOf(kind)}: ${mine.text}.`);
  }
  mine.running = false;
  draw();
}

/** The last words of what has been read. */
function gist(kind, text) {
  if (kind.endsWith('tokens')) {
    return [...text.matchAll(/"content":"([^"]*)"/g)].map(each => each[1]).at(-1)?.trim();
  }
  return text.trim().split('\n').at(-1).replace(/^data: /, '').slice(0, 60);
}

function hangUp(mine) {
  mine.left = performance.now();
  mine.abort.abort();
}

for (const [kind, {label, hint}] of Object.entries(KINDS)) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.kind = kind;
  button.append(label, small(hint));
  button.addEventListener('click', () => start(kind));
  $('starts').append(button);
}
$('hang-up-all').addEventListener('click', () =>
    own.forEach(mine => { if (mine.running) { hangUp(mine); } }));

/* ---- The table ---- */

function draw() {
  const shown = [...rows.values()].map(row => ({row, mine: own.get(row.tag)}));
  own.forEach(mine => {
    if (mine.number === undefined) {
      shown.push({mine});
    }
  });
  // What has not arrived at the server has no number yet, and is the youngest.
  shown.sort((a, b) => (b.row?.number ?? Infinity) - (a.row?.number ?? Infinity) || b.mine.begun - a.mine.begun);
  const body = $('exchanges').tBodies[0];
  const keep = new Set();
  shown.slice(0, SHOWN).forEach(({row, mine}, place) => {
    const key = mine?.tag ?? row.number;
    keep.add(key);
    const line = cells.get(key) ?? newLine(key, mine);
    if (body.children[place] !== line) {
      body.insertBefore(line, body.children[place] ?? null);
    }
    fill(line, row, mine);
  });
  cells.forEach((line, key) => {
    if (!keep.has(key)) {
      line.remove();
      cells.delete(key);
    }
  });
  $('empty').hidden = shown.length > 0;
  $('exchanges').hidden = shown.length === 0;
  $('more').hidden = shown.length <= SHOWN;
  $('more').textContent = `The last ${SHOWN} are shown.`;
  $('hang-up-all').disabled = ![...own.values()].some(mine => mine.running);
}

function newLine(key, mine) {
  const line = $('exchange').content.firstElementChild.cloneNode(true);
  const button = line.querySelector('button');
  if (mine) {
    button.addEventListener('click', () => hangUp(mine));
  } else {
    button.remove();
  }
  cells.set(key, line);
  return line;
}

function fill(line, row, mine) {
  const end = row ? row.end ?? 'PENDING' : mine.running ? 'QUEUED' : 'UNKNOWN';
  line.dataset.end = end;
  text(line, '.request b', `${row ? `#${row.number} ` : ''}${nameOf(row?.kind ?? mine.kind)}`);
  text(line, '.request code', row ? `${row.method} ${row.path}` : '');
  text(line, '.yours', mine ? mine.text : 'another client');
  text(line, '.end', {
    PENDING: 'PENDING',
    QUEUED: 'NOT SENT YET',
    UNKNOWN: 'NOT ARRIVED',
  }[end] ?? end);
  text(line, '.how', how(row, mine, end));
  notice(line.querySelector('.noticed'), row, mine);
  work(line.querySelector('.work'), row);
  const button = line.querySelector('button');
  if (button) {
    const gone = !mine.running;
    if (gone && document.activeElement === button) {
      $('hang-up-all').disabled ? $('starts').querySelector('button').focus() : $('hang-up-all').focus();
    }
    button.hidden = gone;
    button.setAttribute('aria-label', `Hang up ${line.querySelector('.request b').textContent}`);
  }
}

function how(row, mine, end) {
  if (end === 'QUEUED') {
    return performance.now() - mine.begun > 400 ? 'your browser opens six connections to a server: it waits for one' : '';
  }
  if (end === 'UNKNOWN') {
    return 'the server never heard of it';
  }
  if (end === 'PENDING') {
    return `for ${seconds(Math.max(0, performance.now() - row.begun))}`;
  }
  return `after ${seconds(row.after)}` + (row.evidence ? `: ${row.evidence}, by ${row.noticedBy}` : '');
}

function notice(cell, row, mine) {
  const key = mine?.noticed ?? (row?.evidence ? 'other' : '');
  if (cell.dataset.of !== String(key)) {
    cell.dataset.of = key;
    cell.replaceChildren(...(
      mine?.noticed !== undefined ? [document.createTextNode(precise(mine.noticed)), small('and told here')]
      : row?.evidence ? [document.createTextNode('–')]
      : []));
  }
}

function work(cell, row) {
  const key = row ? `${row.work}|${row.saved}` : '';
  if (cell.dataset.of !== key) {
    cell.dataset.of = key;
    cell.replaceChildren();
    if (row?.saved > 0) {
      const saved = document.createElement('b');
      saved.textContent = `${seconds(row.saved)} saved`;
      cell.append(saved, small(row.work));
    } else if (row?.work) {
      cell.append(small(row.work));
    }
  }
}

function text(line, selector, value) {
  const element = line.querySelector(selector);
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

// Ages, and what a queued request waits for.
setInterval(() => {
  if ([...cells.values()].some(line => line.dataset.end === 'PENDING' || line.dataset.end === 'QUEUED')) {
    draw();
  }
}, 200);

/* ---- The storm ---- */

for (const crowd of document.querySelectorAll('.crowd')) {
  for (let i = 0; i < 200; i++) {
    const client = document.createElement('i');
    client.dataset.client = '0';
    crowd.append(client);
  }
}

$('storm').addEventListener('click', async () => {
  $('storm').disabled = true;
  $('storm-phase').textContent = 'Sending for the clients…';
  try {
    const answer = await fetch('board/storm', {method: 'POST'});
    if (!answer.ok && answer.status !== 409) {
      throw new Error(answer.status === 501 ? 'The storm needs plain HTTP: its clients speak no TLS.'
          : `The server answered ${answer.status}.`);
    }
  } catch (failed) {
    $('storm-phase').textContent = failed instanceof TypeError ? 'The server does not answer.' : failed.message;
    $('storm').disabled = false;
  }
});

function drawStorm() {
  const storm = latest.storm;
  if (!storm) {
    return;
  }
  const over = storm.phase === 'OVER' || storm.phase === 'FAILED';
  const left = storm.phase === 'LEFT' || storm.phase === 'OVER';
  $('storm').disabled = !over;
  $('storm').textContent = over ? 'Once more' : 'Under way…';
  $('storm-progress').value = over ? 1 : Math.min(1, storm.age / (storm.work + 300));
  const toGo = Math.max(0, storm.work - storm.stay - storm.gone);
  const wasted = storm.without.counts.WASTED ?? 0;
  const phase = {
    ARRIVING: `${storm.size} clients a side arrive…`,
    WAITING: 'All are there and wait. In a moment they hang up.',
    LEFT: wasted > 0
        ? `All have hung up. ${wasted} without the library are worked for still, for another ${Math.ceil(toGo / 1000)} s.`
        : 'All have hung up.',
    OVER: `Over. With the library ${seconds(storm.with.wasted)} of work went to nobody, without it ${seconds(storm.without.wasted)}.`,
    FAILED: 'The storm broke off: its clients could not connect, or the server was stopped.',
  }[storm.phase];
  if ($('storm-phase').textContent !== phase) {
    $('storm-phase').textContent = phase;
  }
  drawLane($('with'), storm.with, left);
  drawLane($('without'), storm.without, left);
}

function drawLane(lane, {clients, counts, wasted}, left) {
  const atWork = (counts.SERVED ?? 0) + (counts.WASTED ?? 0);
  const forNobody = (counts.WASTED ?? 0) + (counts.DONE_FOR_NOBODY ?? 0);
  lane.dataset.verdict = !left ? '' : forNobody > 0 ? 'bad' : 'good';
  const stopped = counts.STOPPED ?? 0;
  text(lane, '.count b', String(atWork));
  text(lane, '.count span', !left ? 'at work' : atWork > 0 ? 'still at work, for nobody'
      : forNobody > 0 ? `at work: ${forNobody} went on to the end, for nobody` : `at work: all ${stopped} stopped`);
  text(lane, '.bill b', seconds(wasted));
  const crowd = lane.querySelector('.crowd');
  for (let i = 0; i < clients.length; i++) {
    if (crowd.children[i].dataset.client !== clients[i]) {
      crowd.children[i].dataset.client = clients[i];
    }
  }
  crowd.setAttribute('aria-label', `${clients.length} clients: ${atWork} worked for, ${stopped} stopped, ${forNobody} worked for though they have left`);
}

/* ---- The sums ---- */

function drawTotals() {
  const {COMPLETED = 0, DISCONNECTED = 0, FAILED = 0, TIMED_OUT = 0, SHUT_DOWN = 0} = latest.ends;
  const number = value => value.toLocaleString('en');
  $('total-open').textContent = number(latest.open);
  $('total-completed').textContent = number(COMPLETED);
  $('total-disconnected').textContent = number(DISCONNECTED);
  $('total-other').textContent = number(FAILED + TIMED_OUT + SHUT_DOWN);
  $('total-saved').textContent = seconds(latest.saved);
}

let drawn = '';

function drawHistogram() {
  if (!latest.latencies) {
    return;
  }
  const {bounds, counts, median, p99, longest} = latest.latencies;
  const mine = counts.map(() => 0);
  measured.forEach(millis => {
    const bucket = bounds.findIndex(bound => millis * 1000 < bound);
    mine[bucket < 0 ? bounds.length : bucket]++;
  });
  const place = $('histogram');
  const [width, height] = [place.clientWidth, place.clientHeight];
  const key = JSON.stringify([counts, mine, width]);
  if (key === drawn) {
    return;
  }
  drawn = key;
  const of = (sum, each) => sum + each;
  const total = counts.reduce(of, 0);
  $('latency').textContent = total + measured.length === 0 ? 'Hang up on something, and it is drawn here.'
      : [total ? `The storm: ${total.toLocaleString('en')} hang-ups, half of them noticed within ${precise(median / 1000)}, 99 of 100 within ${precise(p99 / 1000)}, all within ${precise(longest / 1000)}.` : '',
        measured.length ? `Yours: ${measured.length}, the slowest within ${precise(Math.max(...measured))}.` : ''].join(' ');
  place.replaceChildren(histogram(width, height, bounds, counts, mine));
}

function histogram(width, height, bounds, counts, mine) {
  const [top, bottom] = [20, 40];
  const base = height - bottom;
  const step = width / counts.length;
  const most = Math.max(1, ...counts.map((count, i) => count + mine[i]));
  const all = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': $('latency').textContent});
  counts.forEach((count, i) => {
    const [x, bar] = [i * step + step * .12, step * .76];
    let y = base;
    for (const [name, value] of [['storm', count], ['own', mine[i]]]) {
      if (value > 0) {
        const tall = Math.max(3, value / most * (base - top));
        y -= tall;
        all.append(svg('rect', {class: name, x, y, width: bar, height: tall, rx: 2}));
      }
    }
    if (count + mine[i] > 0) {
      all.append(svg('text', {class: 'number', x: x + bar / 2, y: y - 6, 'text-anchor': 'middle'}, count + mine[i]));
    }
  });
  all.append(svg('line', {class: 'axis', x1: 0, x2: width, y1: base, y2: base}));
  bounds.forEach((bound, i) => {
    // Each bound stands between two bars; where it is narrow, every other one.
    if (step > 40 || i % 2 === 1) {
      const label = bound < 1000 ? String(bound / 1000).replace(/^0/, '') : String(bound / 1000);
      all.append(svg('text', {x: (i + 1) * step, y: base + 17, 'text-anchor': 'middle'}, label));
    }
  });
  all.append(svg('text', {x: width, y: height - 4, 'text-anchor': 'end'}, 'milliseconds, each step twice as long'));
  return all;
}

function svg(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

new ResizeObserver(() => drawHistogram()).observe($('histogram'));

/* ---- */

document.querySelectorAll('.here').forEach(each => { each.textContent = here.href; });
connect();
