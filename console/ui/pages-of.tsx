import { Pagination } from 'antd';
import { useTranslation } from 'react-i18next';

interface PagesOfProps {
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly onChange: (page: number) => void;
}

/** Which page of a list is shown; nothing when all of it is. */
export function PagesOf({ page, size, total, onChange }: PagesOfProps) {
  const { t } = useTranslation();
  if (total <= size && page === 1) return null;
  return (
    <Pagination
      style={{ marginTop: 16 }}
      align="end"
      current={page}
      pageSize={size}
      total={total}
      showSizeChanger={false}
      showTotal={(count) => t('common.total', { count })}
      onChange={onChange}
    />
  );
}
