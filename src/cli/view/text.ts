// Text in columns of a terminal: widths as the terminal counts them (East Asian text is two columns wide), colours
// only where wanted. The one module that knows string-width and cli-table3.
import { styleText } from 'node:util';
import Table from 'cli-table3';
import stringWidth from 'string-width';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;
export const coloured: Paint = (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }));

/** Cut to a width, with an ellipsis when something was lost. Not for text with colours in it. */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const character of text) {
    width += stringWidth(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

export type Alignment = 'left' | 'right';

/** Rows in aligned columns, two blanks apart, without borders. */
export function columnsOf(rows: readonly (readonly string[])[], alignments: readonly Alignment[]): readonly string[] {
  if (rows.length === 0) return [];
  const table = new Table({
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: [...alignments],
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
