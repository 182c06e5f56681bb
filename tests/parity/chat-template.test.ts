import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatChat } from '#gpu-worker/model/chat-template.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chat-'));
});
afterEach(() => rm(dir, { recursive: true }));

const messages = [{ role: 'user', content: 'What is the capital of France?' }] as const;
const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const formatted = '<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n';

async function withConfig(config: unknown): Promise<string> {
  await writeFile(join(dir, 'tokenizer_config.json'), JSON.stringify(config));
  return formatChat(dir, messages);
}

test('formats by the template, wherever it stands', async () => {
  expect(await withConfig({ chat_template: chatMl })).toBe(formatted);
  expect(
    await withConfig({
      chat_template: [
        { name: 'tool_use', template: 'x' },
        { name: 'default', template: chatMl },
      ],
    }),
  ).toBe(formatted);
  await writeFile(join(dir, 'chat_template.jinja'), '{{ bos_token }}{{ messages[0].content }}');
  expect(await withConfig({ bos_token: { content: '<s>' } })).toBe('<s>What is the capital of France?');
});

test('a template that fails, never ends or grows without end is stopped with a sentence', async () => {
  await expect(withConfig({})).rejects.toMatchObject({ code: 'unsupported' });
  await expect(withConfig({ chat_template: "{{ raise_exception('roles must alternate') }}" })).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining('roles must alternate') as string,
  });
  await expect(withConfig({ chat_template: '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}' })).rejects.toMatchObject({
    code: 'invalid_config',
  });
  await expect(withConfig({ chat_template: '{% for a in range(3000000) %}xxxxxxxxxxxxxxxx{% endfor %}' })).rejects.toMatchObject({ code: 'invalid_config' });
});
