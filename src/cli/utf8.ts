/**
 * A file's text as it comes, chunk by chunk; a mark at its beginning is no part of it.
 * @param refusal what to throw when it is not UTF-8
 */
export async function* textOf(
  chunks: AsyncIterable<Uint8Array | string>,
  refusal: () => Error,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw refusal();
    }
  };
  for await (const chunk of chunks) yield typeof chunk === 'string' ? chunk : decode(chunk);
  yield decode();
}
