import { Button, Form, type FormInstance, Input, Segmented } from 'antd';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, type FieldProblem } from '../../api/errors.ts';
import { Card } from '../../ui/card.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import styles from '../../ui/form.module.css';
import { LinkButton } from '../../ui/link-button.tsx';
import { NoticeFields } from './notice-fields.tsx';
import { PolicyFields } from './policy-fields.tsx';
import { ScheduleFields } from './schedule-fields.tsx';
import { SpecFields } from './spec-fields.tsx';
import { NEW_TASK, type TaskFormValues } from './task-form-values.ts';

const EXECUTORS = ['shell', 'http', 'python'] as const;

type NamePath = Parameters<FormInstance<TaskFormValues>['setFields']>[0][number]['name'];

interface TaskFormProps {
  readonly initial: TaskFormValues;
  readonly submitLabel: string;
  readonly submitting: boolean;
  /** Why the server has refused the last try. */
  readonly error: unknown;
  readonly onSubmit: (values: TaskFormValues) => void;
  /** The task to go back to; absent: to the list. */
  readonly taskId?: number;
}

/** Those whose fields are fields of the form too. */
const PARTED = new Set(['limits', 'on_finish']);

/** `environment.PATH` is a problem of the field `environment`, `limits.processes` one of its own. */
function fieldOf({ field }: FieldProblem): string[] {
  const [name = '', part] = field.split('.');
  return PARTED.has(name) && part !== undefined ? [name, part] : [name];
}

/** A task in fields. What the server refuses is said at the field that it names. */
export function TaskForm({ initial, submitLabel, submitting, error, onSubmit, taskId }: TaskFormProps) {
  const { t } = useTranslation();
  const [form] = Form.useForm<TaskFormValues>();
  const executor = Form.useWatch<TaskFormValues['executor'] | undefined>('executor', form) ?? initial.executor;

  useEffect(() => {
    if (!(error instanceof ApiError)) return;
    const known = error.details.filter((problem) => (fieldOf(problem)[0] ?? '') in NEW_TASK);
    form.setFields(known.map((problem) => ({ name: fieldOf(problem) as NamePath, errors: [problem.message] })));
    if (known[0]) form.scrollToField(fieldOf(known[0]), { block: 'center', focus: true });
  }, [error, form]);

  // Fields of other executors are not on the page, but what was typed there is kept until the form is left.
  const complete = (values: Partial<TaskFormValues>): TaskFormValues => ({
    ...initial,
    ...form.getFieldsValue(true),
    ...values,
  });

  return (
    <Form<TaskFormValues>
      form={form}
      className={styles.form ?? ''}
      layout="vertical"
      initialValues={useMemo(() => ({ ...initial }), [initial])}
      scrollToFirstError={{ block: 'center', focus: true }}
      onFinish={(values) => onSubmit(complete(values))}
    >
      <Card title={t('taskForm.what')}>
        <Form.Item
          name="name"
          label={t('taskForm.name')}
          rules={[{ required: true, whitespace: true, message: t('taskForm.required') }]}
        >
          <Input autoFocus={taskId === undefined} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item name="description" label={t('taskForm.description')}>
          <Input.TextArea autoSize={{ minRows: 1, maxRows: 6 }} />
        </Form.Item>
        <Form.Item name="executor" label={t('taskForm.executor')}>
          <Segmented options={EXECUTORS.map((value) => ({ value, label: t(`executor.${value}`) }))} />
        </Form.Item>
        <SpecFields executor={executor} />
      </Card>
      <Card title={t('taskForm.when')}>
        <ScheduleFields />
      </Card>
      <Card title={t('taskForm.how')}>
        <PolicyFields executor={executor} />
      </Card>
      <Card title={t('taskForm.onFinish')}>
        <NoticeFields />
      </Card>
      {Boolean(error) && (
        <div className={styles.notice}>
          <ErrorNotice error={error} />
        </div>
      )}
      <div className={styles.actions}>
        <Button type="primary" htmlType="submit" loading={submitting}>
          {submitLabel}
        </Button>
        {taskId === undefined ? (
          <LinkButton to="/tasks">{t('common.cancel')}</LinkButton>
        ) : (
          <LinkButton to="/tasks/$taskId" params={{ taskId: String(taskId) }}>
            {t('common.cancel')}
          </LinkButton>
        )}
      </div>
    </Form>
  );
}
