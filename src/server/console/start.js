// Lets the browser show the frame that stands in index.html, and only then fetches and runs the page.
const MODULES = ['./app.js', './html.js', './copied.js', 'preact', 'preact/hooks', 'htm'];
requestAnimationFrame(() => setTimeout(() => MODULES.forEach((name) => import(name))));
