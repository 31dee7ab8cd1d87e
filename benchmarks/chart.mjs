// Small bar charts as SVG, on a background of their own so that they read the same in light and dark pages.
import { figure } from './table.mjs';

const font = 'font-family="Helvetica, Arial, sans-serif"';
const colors = {
  good: '#2f7d4f',
  bad: '#b4442f',
  own: '#33658a',
  other: '#b8bfc6',
  text: '#222',
  faint: '#777',
};
const labelWidth = 330;
const barsWidth = 340;
const width = labelWidth + barsWidth + 110;
const lineHeight = 24;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x, y, said, { anchor = 'start', color = colors.text, size = 12, weight = 'normal' } = {}) =>
  `<text x="${x}" y="${y}" ${font} font-size="${size}" font-weight="${weight}" fill="${color}" text-anchor="${anchor}">${escape(said)}</text>`;
const bar = (x, y, length, color, height = 14) =>
  `<rect x="${x}" y="${y}" width="${Math.max(length, 1).toFixed(1)}" height="${height}" rx="2" fill="${color}"/>`;

function page(title, height, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(14, 26, title, { size: 15, weight: 'bold' }),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** Each measure relative to its goal, on a logarithmic scale. Bars that end before the line meet it. */
export function goalsChart(title, results) {
  const shares = results.map((result) => {
    const [, sign, goal] = /^(≤|≥) ([\d.]+)/.exec(result.goal);
    const judged = (result.ratio ?? result).value;
    const share = sign === '≤' ? judged / Number(goal) : Number(goal) / judged;
    return { ...result, share: Number.isFinite(share) ? share : result.met ? 0 : 1 };
  });
  const [least, most] = [0.01, 100];
  const x = (share) =>
    labelWidth +
    (barsWidth * Math.log(Math.min(most, Math.max(least, share)) / least)) / Math.log(most / least);
  const parts = [];
  for (const [i, { measure, share, met, goal, ratio, value, unit }] of shares.entries()) {
    const y = 50 + i * lineHeight;
    parts.push(text(labelWidth - 8, y + 12, shorten(measure), { anchor: 'end' }));
    parts.push(bar(labelWidth, y, x(share) - labelWidth, met ? colors.good : colors.bad));
    const said = ratio === undefined ? `${figure(value)} ${unit.split(' ')[0]}` : `${figure(ratio.value)}×`;
    parts.push(text(labelWidth + barsWidth + 6, y + 12, said));
    parts.push(
      text(width - 8, y + 12, goal.replace('×', ''), { anchor: 'end', color: colors.faint, size: 10 }),
    );
  }
  const bottom = 50 + shares.length * lineHeight;
  parts.push(
    `<line x1="${x(1)}" x2="${x(1)}" y1="40" y2="${bottom}" stroke="${colors.text}" stroke-dasharray="4 3"/>`,
  );
  parts.push(text(x(1), 40, 'goal', { anchor: 'middle', size: 11 }));
  parts.push(text(labelWidth, bottom + 16, 'a hundredth of it', { size: 10, color: colors.faint }));
  parts.push(
    text(labelWidth + barsWidth, bottom + 16, 'a hundred times', {
      anchor: 'end',
      size: 10,
      color: colors.faint,
    }),
  );
  return page(title, bottom + 28, parts);
}

/** Pairs of bars, ours above the peer's. */
export function pairsChart(title, pairs, unit) {
  const most = Math.max(...pairs.flatMap(({ own, other }) => [own, other]));
  const parts = [];
  for (const [i, { label, own, other, what }] of pairs.entries()) {
    const y = 46 + i * 50;
    parts.push(text(labelWidth - 8, y + 12, shorten(label), { anchor: 'end' }));
    parts.push(text(labelWidth - 8, y + 30, shorten(what), { anchor: 'end', color: colors.faint, size: 11 }));
    for (const [row, value, color] of [
      [0, own, colors.own],
      [1, other, colors.other],
    ]) {
      const length = (value / most) * barsWidth;
      parts.push(bar(labelWidth, y + row * 18, length, color));
      parts.push(text(labelWidth + length + 6, y + row * 18 + 12, `${figure(value)} ${unit}`));
    }
  }
  return page(title, 46 + pairs.length * 50 + 6, parts);
}

const curveColors = ['#33658a', '#6fa8c9', '#2f7d4f', '#b4442f', '#c78a2c', '#8a6fa8'];

/** Shares that rise along an axis, a line for each name: points are pairs of a position and a share from 0 to 1. */
export function curvesChart(title, curves, unit) {
  const [left, top, tall] = [56, 48, 280];
  const wide = width - left - 190;
  const most = Math.max(...curves.flatMap(({ points }) => points.map(([at]) => at)));
  const x = (at) => left + (at / most) * wide;
  const y = (share) => top + (1 - share) * tall;
  const parts = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(
      `<line x1="${left}" x2="${left + wide}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/>`,
      text(left - 8, y(share) + 4, `${share * 100} %`, { anchor: 'end', size: 11, color: colors.faint }),
    );
  }
  for (let at = 0; at <= most; at += most / 4)
    parts.push(text(x(at), top + tall + 18, `${at}`, { anchor: 'middle', size: 11, color: colors.faint }));
  parts.push(text(left + wide, top + tall + 34, unit, { anchor: 'end', size: 11, color: colors.faint }));
  for (const [i, { name, points }] of curves.entries()) {
    const color = curveColors[i % curveColors.length];
    const line = points.map(([at, share]) => `${x(at).toFixed(1)},${y(share).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${line}" fill="none" stroke="${color}" stroke-width="2"/>`);
    const row = top + 12 + i * 20;
    parts.push(bar(left + wide + 20, row - 8, 14, color, 8), text(left + wide + 40, row, name));
  }
  return page(title, top + tall + 46, parts);
}

const longest = 52;
const shorten = (label) => (label.length <= longest ? label : `${label.slice(0, longest - 1)}…`);
