// What every module draws with, and the values that the page shows.
import { h } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
export { render, cloneElement, Component } from 'preact';
export { useEffect, useLayoutEffect, useId, useRef, useState } from 'preact/hooks';

const looks = [];
let isDue = false;

// A value that changes. After the code that changed some, every function of `onChange` runs once.
export function signal(value) {
  return {
    get value() { return value; },
    set value(next) {
      if (Object.is(next, value)) return;
      value = next;
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => { isDue = false; looks.forEach((look) => look()); });
    },
  };
}

// Runs `look` now and after each change.
export function onChange(look) {
  looks.push(look);
  look();
}

// Runs `act` with what `read` gives, now and whenever that is something else.
export function watch(read, act) {
  let was;
  onChange(() => {
    const is = read();
    if (Object.is(is, was)) return;
    was = is;
    act(is);
  });
}
