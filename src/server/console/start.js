// Lets the browser draw the frame of index.html before it fetches and runs the page, all at once. A hidden tab never draws.
const MODULES = [
  './app.js', './api.js', './calls.js', './copied.js', './format.js', './html.js', './journal.js', './keys.js', './parts.js', './route.js', './store.js',
  'preact', 'preact/hooks', 'htm',
];
const run = () => MODULES.forEach((name) => import(name));
if (document.hidden) run();
else requestAnimationFrame(() => setTimeout(run));
