import { bytes, enumeration, field, int32, list, message, string, type Infer } from './field.js';

const ExprMessage = message('google.type.Expr', {
  expression: string('The condition, in Common Expression Language.', { required: true }),
  title: string('Its name.'),
  description: string('The purpose.'),
  location: string('Its origin, for error messages.'),
});

const member = string('`user:A@B`, `group:A@B`, `serviceAccount:A@B`, `domain:D`, `allUsers`, …');

const BindingMessage = message('google.iam.v1.Binding', {
  role: string('The role, such as `roles/run.invoker`.', { required: true }),
  members: list(member, 'The members that have the role.', { required: true }),
  condition: field(ExprMessage, 'The condition under which the binding holds.'),
});
export type Expr = Infer<typeof ExprMessage>;
export type Binding = Infer<typeof BindingMessage>;

const AuditLogConfigMessage = message('google.iam.v1.AuditLogConfig', {
  logType: enumeration(
    'google.iam.v1.AuditLogConfig.LogType',
    { LOG_TYPE_UNSPECIFIED: 0, ADMIN_READ: 1, DATA_WRITE: 2, DATA_READ: 3 },
    'What is logged.',
    { required: true },
  ),
  exemptedMembers: list(member, 'Members whose calls are not logged.'),
});

const AuditConfigMessage = message('google.iam.v1.AuditConfig', {
  service: string('The service, or `allServices`.', { required: true }),
  auditLogConfigs: list(field(AuditLogConfigMessage, 'A type of log.'), 'What is logged.'),
});

/** google.iam.v1.Policy */
export const PolicyMessage = message('google.iam.v1.Policy', {
  version: int32('The format: 0, 1, or 3 if a binding has a condition.'),
  bindings: list(field(BindingMessage, 'A role and its members.'), 'The bindings of roles to members.'),
  auditConfigs: list(field(AuditConfigMessage, 'A service and what is logged for it.'), 'What is logged.'),
  etag: bytes('The version, for optimistic locking.'),
});
