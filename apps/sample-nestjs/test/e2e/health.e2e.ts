import { describe, expect, it } from 'vitest';
import { startApp } from './harness/app-process.js';
import { ask } from './harness/requests.js';
import { adapters, envOf, useStage } from './harness/stage.js';

describe.each(adapters)('health on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  it('is well where all is: alive, ready, and each provider listed, which are asked once for all who ask', async () => {
    for (const path of ['/health/live', '/health/ready', '/health']) {
      const response = await ask(stage.app, path);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status: 'ok' });
    }
    const { details } = (await (await ask(stage.app, '/health')).json()) as { details: object };
    expect(details).toMatchObject({ cryptlex: { status: 'up' }, lclx: { status: 'up' } });
    expect([stage.cryptlex.requests.length, stage.lclx.requests.length]).toEqual([1, 1]);
  });

  it('says which provider is down, and is alive and ready all the same', async () => {
    stage.cryptlex.set({ fault: 'reset' });
    // What was found is kept for a while: an application that has not looked yet.
    await using app = await startApp({ ...envOf(stage), HTTP_ADAPTER: adapter });
    const all = await ask(app, '/health');
    const text = await all.text();
    expect(all.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      status: 'error',
      details: { cryptlex: { status: 'down' }, lclx: { status: 'up' } },
    });
    expect(text).not.toContain(stage.cryptlex.origin);
    for (const path of ['/health/live', '/health/ready'])
      expect([path, (await ask(app, path)).status]).toEqual([path, 200]);
  });
});
