/** European shoe size from the length of the foot in centimetres; half sizes are rounded up. */
export function schuhgröße(fußlänge: number): number {
  return Math.ceil((fußlänge + 1.5) * 1.5);
}
