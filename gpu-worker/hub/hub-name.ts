import { AppError } from '#lib/errors/app-error.ts';

/** Something on the hub: `org/name[@revision][:subfolder]`. */
export interface HubName {
  /** Models and data sets are kept apart there. */
  kind: 'model' | 'dataset';
  /** `org/name`. */
  repo: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Folder inside the repository, without slashes at its ends; empty for its root. */
  subfolder: string;
}

const PART = '[A-Za-z0-9][A-Za-z0-9._-]{0,95}';
const NAME = new RegExp(`^(${PART}/${PART})(?:@([^:]+))?(?::(.*))?$`);
const REVISION = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;

/**
 * Reads a name of the hub; null when the text has another form. Throws AppError 'bad_request' for a revision or folder
 * that could point out of the repository.
 */
export function parseHubName(text: string, kind: HubName['kind'] = 'model'): HubName | null {
  const match = NAME.exec(text);
  if (!match || match[1]!.includes('..')) return null;
  const [, repo = '', revision = 'main', folder = ''] = match;
  if (!REVISION.test(revision) || revision.includes('..'))
    throw new AppError('bad_request', `${revision} names no revision of ${repo}; a branch, a tag or a commit is expected after @.`, { field: 'revision' });
  const subfolder = folder.replace(/^\/+|\/+$/g, '');
  if (!isInnerPath(subfolder)) throw new AppError('bad_request', `${folder} names no folder inside ${repo}.`, { field: 'subfolder' });
  return { kind, repo, revision, subfolder };
}

/** Whether a relative path (empty: the root) stays inside its root, on every system. */
function isInnerPath(path: string): boolean {
  return path === '' || (path.length <= 1024 && path.split('/').every((part) => /^[^\\:*?"<>|\p{Cc}]{1,255}$/u.test(part) && part !== '.' && part !== '..'));
}
