/**
 * Remembers what the user has drawn, so that steps can be taken back and made again.
 *
 * @template T
 */
export class UndoStack {
  #past = [];
  #future = [];
  #limit;

  /** @param {number} limit steps that are remembered; older ones are forgotten */
  constructor(limit = 100) {
    this.#limit = limit;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /**
   * Does something and remembers how to revert it. Whatever had been undone before can no longer be redone.
   *
   * @param {{ label: string, apply: () => void, revert: () => void, mergeKey?: string }} step
   */
  perform(step) {
    step.apply();
    this.#future = [];
    const last = this.#past.at(-1);
    // Dragging makes a step for each pixel; those of one gesture count as one.
    if (step.mergeKey !== undefined && last?.mergeKey === step.mergeKey) {
      this.#past[this.#past.length - 1] = { ...step, revert: last.revert };
      return;
    }
    this.#past.push(step);
    if (this.#past.length > this.#limit) this.#past.shift();
  }

  undo() {
    const step = this.#past.pop();
    if (!step) return undefined;
    step.revert();
    this.#future.push(step);
    return step.label;
  }

  redo() {
    const step = this.#future.pop();
    if (!step) return undefined;
    step.apply();
    this.#past.push(step);
    return step.label;
  }
}
