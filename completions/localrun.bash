# bash completion for localrun, made by `localrun completion bash`
_localrun() {
  local current=${COMP_WORDS[COMP_CWORD]} at='' flags='' place='' slot='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # `--flag=value` comes as three words.
    if [[ $word == = ]]; then continue; fi
    if [[ -n $slot ]]; then slot=''; continue; fi
    case $word in
      --condition-from-file|--env-file|--env-vars-file|--file|--flags-file|--from|--output|--tls-cert|--tls-key|-f|-o) slot='file' ;;
      --account|--add-cloudsql-instances|--add-volume|--add-volume-mount|--args|--attempt|--binary-authorization|--breakglass|--build|--command|--condition|--container|--cpu|--depends-on|--filter|--flatten|--freshness|--gpu|--gpu-type|--host|--image|--join-network|--keep-last|--key|--labels|--limit|--log-filter|--log-lines|--max-retries|--max-size|--member|--memory|--mount|--namespace|--network|--network-tags|--older-than|--parallelism|--platform|--port|--process-limit|--project|--publish|--ready-fd|--region|--remove-cloudsql-instances|--remove-containers|--remove-env-vars|--remove-labels|--remove-secrets|--remove-volume|--remove-volume-mount|--report|--role|--service|--service-account|--set-cloudsql-instances|--set-env-vars|--set-secrets|--severity|--sort-by|--source|--startup-probe|--storage|--storage-class|--subnet|--task|--task-timeout|--tasks|--token|--toolbox|--update-env-vars|--update-labels|--update-secrets|--vpc-connector|--vpc-egress|--workdir) slot='anything' ;;
      --execution|--failed-of) slot='execution' ;;
      --runtime) slot='docker kubernetes' ;;
      --credentials) slot='adc' ;;
      --pull) slot='missing always never' ;;
      --format) slot='json yaml value csv table get multi list flattened config object none' ;;
      --api-version) slot='v1 v2' ;;
      --to) slot='kubernetes' ;;
      --order) slot='asc desc' ;;
      --job) slot='job' ;;
      --print-env) slot='gcloud node python go terraform' ;;
      help) ;; # what follows completes as a command
      *)
        case ${at:+$at }$word in
          'jobs'|'jobs run'|'jobs validate'|'jobs diff'|'jobs export'|'jobs create'|'jobs update'|'jobs deploy'|'jobs replace'|'jobs describe'|'jobs list'|'jobs delete'|'jobs execute'|'jobs get-iam-policy'|'jobs set-iam-policy'|'jobs add-iam-policy-binding'|'jobs remove-iam-policy-binding'|'jobs test-iam-permissions'|'jobs logs'|'jobs logs read'|'jobs logs tail'|'jobs executions'|'jobs executions list'|'jobs executions describe'|'jobs executions describe-latest'|'jobs executions cancel'|'jobs executions delete'|'jobs executions wait'|'jobs executions adopt'|'jobs executions report'|'jobs executions logs'|'jobs executions logs read'|'jobs executions logs tail'|'jobs executions tasks'|'jobs executions tasks list'|'jobs executions tasks describe'|'init'|'config'|'config explain'|'config init'|'doctor'|'debug'|'prune'|'serve'|'worker'|'worker manifest'|'worker run'|'completion'|'help') at=${at:+$at }$word ;;
        esac
        ;;
    esac
  done
  if [[ $current == = ]]; then current=''; fi
  case $at in
    '') flags='--version --help' place='jobs init config doctor debug prune serve worker completion help' ;;
    'jobs') flags='--help' place='run validate diff export create update deploy replace describe list delete execute get-iam-policy set-iam-policy add-iam-policy-binding remove-iam-policy-binding test-iam-permissions logs executions' ;;
    'jobs run') flags='--file --strict --watch --image --source --build --command --args --set-env-vars --env-file --set-secrets --memory --cpu --tasks --parallelism --max-retries --task-timeout --report --task --failed-of --last-failed --runtime --fresh-sandbox --host-access --metadata --strict-fs --keep --keep-failed --join-network --credentials --pull --process-limit --platform --publish --mount --container --workdir --gpu --update-env-vars --remove-env-vars --env-vars-file --update-secrets --remove-secrets --add-volume-mount --remove-volume-mount --depends-on --startup-probe --clear-env-vars --clear-secrets --clear-volume-mounts --labels --update-labels --remove-labels --add-volume --remove-volume --remove-containers --set-cloudsql-instances --add-cloudsql-instances --remove-cloudsql-instances --clear-labels --clear-volumes --clear-cloudsql-instances --service-account --vpc-connector --vpc-egress --network --subnet --network-tags --binary-authorization --breakglass --key --gpu-type --clear-vpc-connector --clear-network --clear-network-tags --clear-binary-authorization --gpu-zonal-redundancy --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs validate') flags='--file --strict --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='file' ;;
    'jobs diff') flags='--file --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs export') flags='--file --strict --to --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs create') flags='--file --strict --async --execute-now --wait --image --source --command --args --set-env-vars --env-file --set-secrets --memory --cpu --tasks --parallelism --max-retries --task-timeout --container --workdir --gpu --update-env-vars --remove-env-vars --env-vars-file --update-secrets --remove-secrets --add-volume-mount --remove-volume-mount --depends-on --startup-probe --clear-env-vars --clear-secrets --clear-volume-mounts --labels --add-volume --remove-volume --set-cloudsql-instances --clear-volumes --service-account --vpc-connector --vpc-egress --network --subnet --network-tags --binary-authorization --breakglass --key --gpu-type --gpu-zonal-redundancy --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs update') flags='--file --strict --async --execute-now --wait --image --command --args --set-env-vars --env-file --set-secrets --memory --cpu --tasks --parallelism --max-retries --task-timeout --container --workdir --gpu --update-env-vars --remove-env-vars --env-vars-file --update-secrets --remove-secrets --add-volume-mount --remove-volume-mount --depends-on --startup-probe --clear-env-vars --clear-secrets --clear-volume-mounts --labels --update-labels --remove-labels --add-volume --remove-volume --remove-containers --set-cloudsql-instances --add-cloudsql-instances --remove-cloudsql-instances --clear-labels --clear-volumes --clear-cloudsql-instances --service-account --vpc-connector --vpc-egress --network --subnet --network-tags --binary-authorization --breakglass --key --gpu-type --clear-vpc-connector --clear-network --clear-network-tags --clear-binary-authorization --gpu-zonal-redundancy --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs deploy') flags='--file --strict --async --execute-now --wait --image --source --command --args --set-env-vars --env-file --set-secrets --memory --cpu --tasks --parallelism --max-retries --task-timeout --container --workdir --gpu --update-env-vars --remove-env-vars --env-vars-file --update-secrets --remove-secrets --add-volume-mount --remove-volume-mount --depends-on --startup-probe --clear-env-vars --clear-secrets --clear-volume-mounts --labels --add-volume --remove-volume --remove-containers --set-cloudsql-instances --clear-volumes --service-account --vpc-connector --vpc-egress --network --subnet --network-tags --binary-authorization --breakglass --key --gpu-type --clear-network --clear-network-tags --gpu-zonal-redundancy --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs replace') flags='--file --strict --async --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='file' ;;
    'jobs describe') flags='--show-deleted --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs list') flags='--show-deleted --filter --limit --sort-by --uri --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'jobs delete') flags='--async --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs execute') flags='--tasks --task-timeout --wait --tail --async --report --args --update-env-vars --task --failed-of --last-failed --runtime --fresh-sandbox --host-access --metadata --strict-fs --keep --keep-failed --join-network --credentials --pull --process-limit --platform --publish --mount --container --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs get-iam-policy') flags='--project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs set-iam-policy') flags='--project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs add-iam-policy-binding') flags='--member --role --condition --condition-from-file --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs remove-iam-policy-binding') flags='--member --role --condition --condition-from-file --all --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs test-iam-permissions') flags='--project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs logs') flags='--help' place='read tail' ;;
    'jobs logs read') flags='--log-filter --severity --task --attempt --prefix --freshness --limit --order --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs logs tail') flags='--log-filter --severity --task --attempt --prefix --follow --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'jobs executions') flags='--help' place='list describe describe-latest cancel delete wait adopt report logs tasks' ;;
    'jobs executions list') flags='--job --show-deleted --filter --limit --sort-by --uri --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'jobs executions describe') flags='--show-deleted --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions describe-latest') flags='--job --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'jobs executions cancel') flags='--async --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions delete') flags='--async --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions wait') flags='--report --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions adopt') flags='--report --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions report') flags='--html --junit --json --report --log-lines --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions logs') flags='--help' place='read tail' ;;
    'jobs executions logs read') flags='--log-filter --severity --task --attempt --prefix --freshness --limit --order --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions logs tail') flags='--log-filter --severity --task --attempt --prefix --follow --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'jobs executions tasks') flags='--help' place='list describe' ;;
    'jobs executions tasks list') flags='--execution --succeeded --failed --cancelled --running --pending --abandoned --completed --no-completed --started --no-started --filter --limit --sort-by --uri --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'jobs executions tasks describe') flags='--project --region --account --format --flatten --api-version --flags-file --quiet --help' place='anything' ;;
    'init') flags='--from --service --output --force --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'config') flags='--help' place='explain init' ;;
    'config explain') flags='--runtime --fresh-sandbox --host-access --metadata --strict-fs --keep --keep-failed --join-network --credentials --pull --process-limit --platform --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'config init') flags='--file --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='job' ;;
    'doctor') flags='--fix --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'debug') flags='--task --attempt --container --toolbox --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='execution' ;;
    'prune') flags='--older-than --keep-last --max-size --dry-run --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'serve') flags='--host --port --token --ready-fd --tls-cert --tls-key --print-env --project --region --account --format --flatten --api-version --flags-file --quiet --help' place='anything' ;;
    'worker') flags='--help' place='manifest run' ;;
    'worker manifest') flags='--image --namespace --storage --storage-class --project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
    'worker run') flags='--project --region --account --format --flatten --api-version --flags-file --quiet --help' ;;
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
