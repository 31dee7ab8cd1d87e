export { type Trial, tried } from '../../../shared/test/tally.js';
