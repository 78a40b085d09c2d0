import { InvalidInput } from '../handle.ts';
import { WrongUsage } from './failure.ts';

/** Fields of bodies whose option has another name. */
const OPTIONS: Readonly<Record<string, string>> = {
  expiresAt: 'expires',
  filters: 'filter',
  options: 'option',
};

/** `/expiresAt` → `--expires`, `/filters/country/0` → `--filter country`. */
function optionAt(path: string): string {
  const [, field = '', name] = path.split('/');
  const option = `--${OPTIONS[field] ?? field}`;
  return name === undefined ? option : `${option} ${name}`;
}

/**
 * Does what takes a body that was made of options: whoever gave them knows them and no fields.
 * @throws {WrongUsage} naming the options whose values are wrong
 */
export async function withOptions<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const told = error.errors.map(({ path, message }) => `${optionAt(path)}: ${message}`);
    throw new WrongUsage(told.join('; '));
  }
}
