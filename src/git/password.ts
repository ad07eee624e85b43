/** A URL, or what git said of it, without the user and password in it. */
export function withoutPassword(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, '$1');
}
