import { multiplyMoney, subtractMoney, type Money } from './money.js';

export type TaxClass = 'standard' | 'reduced' | 'books' | 'exempt';

export interface Destination {
  readonly country: string;
  readonly postalCode: string;
  /** Present when the buyer is a business that has been checked against the VIES register. */
  readonly vatNumber?: string;
}

/** Percent by country and class, as of the last review in January; finance owns the numbers. */
const RATES: Readonly<Record<string, Readonly<Record<TaxClass, number>>>> = {
  DE: { standard: 19, reduced: 7, books: 7, exempt: 0 },
  FR: { standard: 20, reduced: 5.5, books: 5.5, exempt: 0 },
  IE: { standard: 23, reduced: 13.5, books: 0, exempt: 0 },
  GB: { standard: 20, reduced: 5, books: 0, exempt: 0 },
};

const HOME_COUNTRY = 'IE';

/** Parts of a member state that lie outside the EU's VAT area: the Canaries, Büsingen, Livigno. */
const OUTSIDE_VAT_AREA: readonly { country: string; postal: RegExp }[] = [
  { country: 'ES', postal: /^(35|38)\d{3}$/ },
  { country: 'DE', postal: /^78266$/ },
  { country: 'IT', postal: /^23041$/ },
];

/** The percentage that an order to `destination` has to carry for goods of one class. */
export function taxRate(destination: Destination, taxClass: TaxClass): number {
  const outside = OUTSIDE_VAT_AREA.some(
    (area) => area.country === destination.country && area.postal.test(destination.postalCode),
  );
  if (outside) return 0;
  if (isReverseCharge(destination)) return 0;
  const rates = RATES[destination.country];
  if (!rates) throw new Error(`No tax rates are configured for country "${destination.country}"`);
  return rates[taxClass];
}

/** Sales to a registered company in another country are taxed by the buyer, not by us. */
export function isReverseCharge(destination: Destination): boolean {
  return destination.vatNumber !== undefined && destination.country !== HOME_COUNTRY;
}

/** Splits a price that includes tax into the net amount and the tax in it. */
export function splitGross(gross: Money, percent: number): { net: Money; tax: Money } {
  const net = multiplyMoney(gross, 100 / (100 + percent));
  return { net, tax: subtractMoney(gross, net) };
}
