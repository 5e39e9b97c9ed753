// The clock, and what comes due or expires next.
import { html, useState } from './html.js';
import { get, post, put } from './api.js';
import { dateTime, relative, span } from './format.js';
import { Action, Empty, Failure, Field, OpenRow, State, Table, Text, useData, useForm } from './parts.js';
import { href } from './route.js';
import { changes, clock, now, setClock, takeShown, tick } from './store.js';

const STEPS = [['+1 h', '1h'], ['+1 d', '1d'], ['+30 d', '30d'], ['+1 y', '365d']];

export default function Clock() {
  const [error, setError] = useState(null);
  const [turn, setTurn] = useState(0);
  if (!clock.value) return null;
  const { frozen } = clock.value;
  const move = async (request) => {
    setError(null);
    await takeShown(request, setClock);
    setTurn((value) => value + 1);
  };
  const set = (fields) => move(put('clock', fields));
  const advance = (by) => move(post('clock/advance', { by }));
  const real = async () => { const { realNow } = await get('clock'); await set({ now: realNow, frozen: false }); };
  const button = (title, run) => html`<${Action} run=${run} onError=${setError}>${title}<//>`;
  const ahead = now.value - (frozen ? Date.now() : tick.value);
  const present = new Date(now.value).toISOString();
  return html`<div class="clock">
    <section aria-label="The sandbox's clock">
      <p class="large"><time>${dateTime(present)}</time> <span class="dim">UTC</span></p>
      <p class="dim">${frozen ? 'Frozen' : 'Running'}, ${Math.abs(ahead) > 2000 ? `${span(ahead)} ${ahead > 0 ? 'ahead of' : 'behind'} the real time` : 'as the real time'}</p>
      <p class="actions">${frozen ? button('Let it run', () => set({ frozen: false })) : button('Freeze', () => set({ frozen: true }))}
        ${STEPS.map(([title, by]) => button(title, () => advance(by)))} ${button('Back to real time', real)}</p>
      <div class="fields">
        <${OneField} label="Advance by" name="by" note="A span such as 90m, 2h 30m or 400d." placeholder="90m" run=${advance} verb="Advance" />
        <${OneField} label="Set to" name="now" note="A date, RFC 3339, or from the sandbox's present: +30d, -1h." placeholder=${present.slice(0, 19) + 'Z'} run=${(text) => set({ now: text })} verb="Set" />
      </div>
      <${Failure} error=${error} />
    </section>
    <section aria-label="What comes next"><h2>What comes next</h2>
      <${Due} turn=${turn} goTo=${(time) => set({ now: time })} /></section>
  </div>`;
}

function OneField({ label, name, note, placeholder, run, verb }) {
  const { fields: { text }, set, error, submit } = useForm({ text: '' });
  const send = submit(() => run(text.trim()).then(() => set('text')('')));
  return html`<form onSubmit=${send}><${Field} label=${label} note=${note} name=${name} error=${error && { message: error.message, field: name }} after=${html`<button disabled=${!text.trim()}>${verb}</button>`}>
    <${Text} value=${text} placeholder=${placeholder} onText=${set('text')} /><//></form>`;
}

function Due({ turn, goTo }) {
  const { data, error, reload } = useData(() => get('clock/due?limit=20'), [turn, changes.value]);
  const [failed, setFailed] = useState(null);
  if (!data) return html`<${Failure} error=${error} />`;
  if (!data.events.length) return html`<${Empty} title="Nothing is due."><p>Orders that are being issued and certificates that expire are listed here.</p><//>`;
  return html`<${Failure} error=${failed} /><${Table} label="What comes due or expires next"
    head=${['orderNumber', 'Becomes', 'When', 'From now', 'loginName', ['', '', 'Go there']]}
    rows=${data.events.map(({ orderNumber, event, time, loginName }) => html`<${OpenRow} key=${orderNumber + event + time} isCode name=${orderNumber} address=${href('orders', orderNumber)}>
      <td>${event === 'failed' ? 'issuance fails' : html`<${State} state=${event} />`}</td><td class="nowrap">${dateTime(time)}</td><td class="nowrap">${relative(time, now.value)}</td>
      <td class="name">${loginName}</td>
      <td class="act"><${Action} class="small" run=${async () => { await goTo(time); reload(); }} onError=${setFailed} aria-label=${`Go there: ${dateTime(time)}`}>Go there<//></td><//>`)} />`;
}
