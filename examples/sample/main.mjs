// The sample task: what Cloud Run's own samples for jobs do, with failures that are the same in every run.
const { CLOUD_RUN_TASK_INDEX = '0', CLOUD_RUN_TASK_COUNT = '1', CLOUD_RUN_TASK_ATTEMPT = '0' } = process.env;
const { SLEEP_MS = '0', FAIL_RATE = '0' } = process.env;
const index = Number(CLOUD_RUN_TASK_INDEX);
const attempt = Number(CLOUD_RUN_TASK_ATTEMPT);

console.log(`Starting task ${index} of ${CLOUD_RUN_TASK_COUNT}, attempt ${attempt}...`);
await new Promise((resolve) => setTimeout(resolve, Number(SLEEP_MS)));

// Numbers that look random and are spread evenly over 0..1, one for each task and attempt.
const draw = ((index + 1) * 0.6180339887 + attempt * 0.5) % 1;
if (draw < Number(FAIL_RATE)) {
  console.error(`Task ${index}, attempt ${attempt} failed: ${draw.toFixed(2)} is below FAIL_RATE ${FAIL_RATE}.`);
  process.exit(1);
}
console.log(`Completed task ${index}.`);
