/**
 * The agents that `npm run test:agents` drives, with the only versions that it was tried with. They are no dependencies of the project: npm puts
 * them into a folder of their own, below the machine's folder for temporary files.
 */
export const PACKAGES = {
  claude: '@anthropic-ai/claude-code@2.1.330',
  'claude-acp': '@agentclientprotocol/claude-agent-acp@0.100.0',
  // brings a Codex along
  codex: '@agentclientprotocol/codex-acp@2.6.0',
  opencode: 'opencode-ai@1.18.33',
  gemini: '@google/gemini-cli@0.61.0',
} as const;

export type AgentName = keyof typeof PACKAGES;
