// What every other module needs to draw: htm bound to Preact, hooks and signals, in one place.
import { h } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
export { render, cloneElement, Component, Fragment } from 'preact';
export { useEffect, useLayoutEffect, useId, useRef, useState } from 'preact/hooks';
export { signal, computed, effect, batch, untracked, useSignal, useComputed } from '@preact/signals';
