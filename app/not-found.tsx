import MissingPage from './%5Fstatus/missing/page.tsx';

/** For what went missing after the gate had let it by. */
export default MissingPage;
