// Lets the browser show the frame that stands in index.html, and only then fetches and runs the page, all at once.
const MODULES = [
  './app.js', './api.js', './calls.js', './copied.js', './format.js', './html.js', './journal.js', './keys.js', './parts.js', './route.js', './store.js',
  'preact', 'preact/hooks', 'htm',
];
requestAnimationFrame(() => setTimeout(() => MODULES.forEach((name) => import(name))));
