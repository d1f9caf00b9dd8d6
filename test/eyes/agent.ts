export { running as agent } from '../fakes/running-agent.ts';
