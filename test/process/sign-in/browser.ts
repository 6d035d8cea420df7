/** A browser as far as redirects, cookies and forms go. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Follows redirects until a page comes, or an address that starts with `until`, which is not opened. */
  async open(
    address: string,
    until: string,
    init: RequestInit = {},
  ): Promise<{ readonly url: URL; readonly body: string; readonly status: number }> {
    let url = new URL(address);
    let request = init;
    for (let hop = 0; hop < 20; hop += 1) {
      if (url.href.startsWith(until)) return { url, body: "", status: 0 };
      const response = await fetch(url, { ...request, redirect: "manual", headers: { ...request.headers, Cookie: this.#cookieFor(url) } });
      this.#keep(url, response);
      const location = response.headers.get("Location");
      if (location === null) return { url, body: await response.text(), status: response.status };
      await response.body?.cancel();
      url = new URL(location, url);
      request = response.status === 307 || response.status === 308 ? request : {};
    }
    throw new Error("too many redirects");
  }

  /** Sends a form of a page. */
  submit(action: string, fields: Readonly<Record<string, string>>, until: string) {
    return this.open(action, until, { method: "POST", body: new URLSearchParams(fields) });
  }

  #cookieFor(url: URL): string {
    const jar = this.#cookies.get(url.origin) ?? new Map<string, string>();
    return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Keeps a cookie as `Set-Cookie` describes it. */
  setCookie(origin: string, header: string): void {
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    const [pair = ""] = header.split(";");
    const equals = pair.indexOf("=");
    jar.set(pair.slice(0, equals), pair.slice(equals + 1));
    this.#cookies.set(origin, jar);
  }

  #keep(url: URL, response: Response): void {
    for (const header of response.headers.getSetCookie()) this.setCookie(url.origin, header);
  }
}
