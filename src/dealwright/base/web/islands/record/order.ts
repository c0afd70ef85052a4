// The order in which a list showed its records, so that a record page knows next and previous.

const KEY = "dw:order";

export interface Order { urls: string[]; list: string }

export function rememberOrder(urls: string[], list: string): void {
  sessionStorage.setItem(KEY, JSON.stringify({ urls, list } satisfies Order));
}

export function readOrder(): Order | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "") as Order;
  } catch {
    return undefined;
  }
}
