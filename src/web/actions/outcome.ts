import type { PageOf } from '../page.ts';
import type { Done } from '../parts/notice.ts';

/** What came of a form: where to go and what to say there, or a page that says why nothing was done. */
export type Outcome =
  | { readonly to: string; readonly done: Done }
  | { readonly status: 403 | 409 | 422; readonly page: PageOf };
