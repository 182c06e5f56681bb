import ForbiddenPage from './%5Fstatus/forbidden/page.tsx';

/** For a session that ended after the gate had let it by. */
export default ForbiddenPage;
