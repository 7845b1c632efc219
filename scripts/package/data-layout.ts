import { LOCAL_LAYOUTS } from '#composition/local-layouts.ts';

/**
 * Grows with each step that a released version adds to the layout of the data folder, so that a
 * version knows what an older number stands for, and never what a greater one does.
 */
export const DATA_LAYOUT = [...LOCAL_LAYOUTS.values()].reduce((sum, steps) => sum + steps, 0);
