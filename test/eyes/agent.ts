export { type RunningAgent as Agent, running as agent } from '../fakes/running-agent.ts';
