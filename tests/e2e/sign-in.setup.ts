import { expect, test as setup } from '@playwright/test';
import { ADMIN, ADMIN_STATE, PLAIN_USER, PLAIN_USER_STATE } from './site.ts';

for (const { email, password, path } of [
  { ...ADMIN, path: ADMIN_STATE },
  { ...PLAIN_USER, path: PLAIN_USER_STATE },
]) {
  setup(`sign in ${email}`, async ({ request, baseURL }) => {
    const response = await request.post('/api/auth/sign-in/email', { data: { email, password }, headers: { origin: baseURL ?? '' } });
    expect(response.status(), await response.text()).toBe(200);
    await request.storageState({ path });
  });
}
