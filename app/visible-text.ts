/** What is not seen, or not by itself: spaces, controls, marks, fillers (U+3164), and the blank of Braille (U+2800). */
const NOT_VISIBLE = /^[\p{Z}\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** Whether there is anything to be seen of a text. */
export function isVisible(text: string): boolean {
  return !NOT_VISIBLE.test(text);
}

/** Whether a text has characters that turn the direction of what follows them, even of text after it (Unicode UAX 9). */
export function turnsDirection(text: string): boolean {
  return /[\u202a-\u202e\u2066-\u2069]/.test(text);
}
