# bash completion for localrun, made by `localrun completion bash`
_localrun() {
  local current=${COMP_WORDS[COMP_CWORD]} at='' flags='' place='' slot='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # `--flag=value` comes as three words.
    if [[ $word == = ]]; then continue; fi
    if [[ -n $slot ]]; then slot=''; continue; fi
    case $word in
      --condition-from-file|--file|-f) slot='file' ;;
      --account|--args|--command|--condition|--cpu|--image|--labels|--max-retries|--member|--memory|--network|--parallelism|--platform|--project|--pull|--region|--role|--set-env-vars|--task-timeout|--tasks|--update-env-vars) slot='anything' ;;
      --format) slot='json yaml none' ;;
      --job) slot='job' ;;
      --execution) slot='execution' ;;
      help) ;; # what follows completes as a command
      *)
        case ${at:+$at }$word in
          'jobs'|'jobs run'|'jobs validate'|'jobs create'|'jobs update'|'jobs replace'|'jobs describe'|'jobs list'|'jobs delete'|'jobs execute'|'jobs get-iam-policy'|'jobs set-iam-policy'|'jobs add-iam-policy-binding'|'jobs remove-iam-policy-binding'|'jobs test-iam-permissions'|'jobs executions'|'jobs executions list'|'jobs executions describe'|'jobs executions cancel'|'jobs executions tasks'|'jobs executions tasks list'|'config'|'config explain'|'completion'|'help') at=${at:+$at }$word ;;
        esac
        ;;
    esac
  done
  if [[ $current == = ]]; then current=''; fi
  case $at in
    '') flags='--version --help' place='jobs config completion help' ;;
    'jobs') flags='--help' place='run validate create update replace describe list delete execute get-iam-policy set-iam-policy add-iam-policy-binding remove-iam-policy-binding test-iam-permissions executions' ;;
    'jobs run') flags='--file --image --tasks --parallelism --max-retries --task-timeout --set-env-vars --memory --cpu --command --args --labels --fresh-sandbox --host-access --strict-fs --network --pull --platform --project --region --account --format --quiet --help' place='job' ;;
    'jobs validate') flags='--file --project --region --account --format --quiet --help' ;;
    'jobs create') flags='--file --image --tasks --parallelism --max-retries --task-timeout --set-env-vars --memory --cpu --command --args --labels --project --region --account --format --quiet --help' place='job' ;;
    'jobs update') flags='--file --image --tasks --parallelism --max-retries --task-timeout --set-env-vars --memory --cpu --command --args --labels --project --region --account --format --quiet --help' place='job' ;;
    'jobs replace') flags='--file --project --region --account --format --quiet --help' place='file' ;;
    'jobs describe') flags='--show-deleted --project --region --account --format --quiet --help' place='job' ;;
    'jobs list') flags='--show-deleted --project --region --account --format --quiet --help' ;;
    'jobs delete') flags='--project --region --account --format --quiet --help' place='job' ;;
    'jobs execute') flags='--fresh-sandbox --host-access --strict-fs --network --pull --platform --wait --async --tasks --task-timeout --args --update-env-vars --project --region --account --format --quiet --help' place='job' ;;
    'jobs get-iam-policy') flags='--project --region --account --format --quiet --help' place='job' ;;
    'jobs set-iam-policy') flags='--project --region --account --format --quiet --help' place='job' ;;
    'jobs add-iam-policy-binding') flags='--member --role --condition --condition-from-file --project --region --account --format --quiet --help' place='job' ;;
    'jobs remove-iam-policy-binding') flags='--member --role --condition --condition-from-file --all --project --region --account --format --quiet --help' place='job' ;;
    'jobs test-iam-permissions') flags='--project --region --account --format --quiet --help' place='job' ;;
    'jobs executions') flags='--help' place='list describe cancel tasks' ;;
    'jobs executions list') flags='--job --show-deleted --project --region --account --format --quiet --help' ;;
    'jobs executions describe') flags='--show-deleted --project --region --account --format --quiet --help' place='execution' ;;
    'jobs executions cancel') flags='--async --project --region --account --format --quiet --help' place='execution' ;;
    'jobs executions tasks') flags='--help' place='list' ;;
    'jobs executions tasks list') flags='--execution --project --region --account --format --quiet --help' ;;
    'config') flags='--help' place='explain' ;;
    'config explain') flags='--fresh-sandbox --host-access --strict-fs --network --pull --platform --project --region --account --format --quiet --help' ;;
    'completion') flags='--help' place='bash zsh fish' ;;
    'help') flags='--help' place='anything' ;;
  esac
  if [[ -z $slot && $current == -* ]]; then slot=$flags; fi
  slot=${slot:-${place:-$flags}}
  case $slot in
    file) compopt -o default 2>/dev/null; slot='' ;;
    job|execution) slot=$(localrun __complete "$slot" 2>/dev/null) ;;
    anything) slot='' ;;
  esac
  COMPREPLY=($(compgen -W "$slot" -- "$current"))
}
complete -F _localrun localrun
