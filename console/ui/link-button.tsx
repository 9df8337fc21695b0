import { createLink } from '@tanstack/react-router';
import { Button } from 'antd';

/** A link that looks like a button: it can be opened in a new tab, and its page is fetched when it is pointed at. */
export const LinkButton = createLink(Button);
