import { access } from '../projections/access.ts';
import { definitionOf } from './views/definition.ts';

/** The definition of the access view in this process: it computes with nothing but the log. */
export const ACCESS_DEFINITION = definitionOf(access, {});
