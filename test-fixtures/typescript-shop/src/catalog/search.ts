export interface IndexedProduct {
  readonly sku: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly soldLastMonth: number;
}

/**
 * Finds articles although the customer has misspelt the name. A word may differ by one letter up to five
 * letters of length, by two beyond that; popular articles come first among equals.
 */
export function findProducts(
  products: readonly IndexedProduct[],
  query: string,
  limit = 20,
): IndexedProduct[] {
  const wanted = words(query);
  return products
    .map((product) => ({ product, score: scoreProduct(product, wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.product.soldLastMonth - a.product.soldLastMonth)
    .slice(0, limit)
    .map(({ product }) => product);
}

function scoreProduct(product: IndexedProduct, wanted: readonly string[]): number {
  const titleWords = words(product.title);
  let score = 0;
  for (const word of wanted) {
    const tolerance = word.length <= 5 ? 1 : 2;
    if (titleWords.includes(word)) score += 4;
    else if (titleWords.some((candidate) => editDistance(candidate, word, tolerance) <= tolerance))
      score += 2;
    else if (product.tags.includes(word)) score += 1;
  }
  return score;
}

/** Levenshtein distance that stops as soon as it must exceed `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
    }
    if (Math.min(...current) > limit) return limit + 1;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}

function words(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
